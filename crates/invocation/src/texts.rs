//! Where text can stand in an event. One walk that knows every place; the gate cleans what it finds.

use crate::{Attributes, Content, Event, fields::Text};
use serde_json::{Map, Value};

/// Replaces texts. `None` means that the text may stay as it is.
///
/// `label` is the name that the text stands under, which is context for what it may be.
pub(crate) trait Replace {
    /// What is to stand in the place of `text`.
    fn replace(&mut self, label: &str, text: &str) -> Option<String>;
}

/// Walks every name of `event`: all texts but its content, tags and attributes.
///
/// The event is taken apart field by field, without a `..`, so that a new field does not compile
/// before somebody has said here whether it can hold text.
pub(crate) fn names(event: &mut Event, to: &mut impl Replace) {
    let Event {
        event_id,
        run_id,
        stage,
        operation,
        provider,
        model,
        response_model,
        agent,
        tool,
        conversation_id,
        user_ref,
        error_type,
        // Content has walks of its own.
        input: _,
        output: _,
        tags: _,
        attributes: _,
        // Numbers, times, enumerations and hex digits hold no free text.
        schema_version: _,
        occurred_at: _,
        client_sequence: _,
        trace_id: _,
        span_id: _,
        parent_span_id: _,
        tier: _,
        status: _,
        latency_ms: _,
        time_to_first_token_ms: _,
        usage: _,
        cost_usd: _,
        input_hash: _,
        output_hash: _,
    } = event;
    if let Some(id) = event_id {
        name("event_id", id, to);
    }
    let labels = [
        ("run_id", run_id),
        ("stage", stage),
        ("operation", operation),
        ("provider", provider),
        ("model", model),
        ("response_model", response_model),
        ("agent", agent),
        ("tool", tool),
        ("conversation_id", conversation_id),
        ("user_ref", user_ref),
        ("error_type", error_type),
    ];
    for (label, field) in labels {
        if let Some(text) = field {
            name(label, text, to);
        }
    }
}

/// Walks the tags.
pub(crate) fn tags<const MAX: usize>(tags: &mut [Text<MAX>], to: &mut impl Replace) {
    for tag in tags {
        name("tag", tag, to);
    }
}

/// Walks keys and values of the attributes.
pub(crate) fn attributes(attributes: &mut Attributes, to: &mut impl Replace) {
    object(&mut attributes.0, to);
}

/// Walks an input or output; `label` is its field's name.
pub(crate) fn content(label: &str, content: &mut Content, to: &mut impl Replace) {
    match content {
        Content::Text(text) => replace(label, text, to),
        Content::Structure(structure) => value(label, structure, to),
    }
}

fn name<const MAX: usize>(label: &str, text: &mut Text<MAX>, to: &mut impl Replace) {
    if let Some(clean) = to.replace(label, text.as_str()).and_then(|clean| Text::fit(&clean)) {
        *text = clean;
    }
}

fn replace(label: &str, text: &mut String, to: &mut impl Replace) {
    if let Some(clean) = to.replace(label, text) {
        *text = clean;
    }
}

fn value(label: &str, json: &mut Value, to: &mut impl Replace) {
    match json {
        Value::String(text) => replace(label, text, to),
        Value::Array(items) => items.iter_mut().for_each(|item| value(label, item, to)),
        Value::Object(map) => object(map, to),
        Value::Number(number) => {
            let text = number.to_string();
            if let Some(clean) = to.replace(label, &text) {
                *json = Value::String(clean);
            } else if !is_exact(number) {
                *json = Value::String(text);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn object(map: &mut Map<String, Value>, to: &mut impl Replace) {
    for (key, item) in map.iter_mut() {
        value(key, item, to);
    }
    let dirty: Vec<(String, String)> =
        map.keys().filter_map(|key| Some((key.clone(), to.replace("", key)?))).collect();
    for (key, clean) in dirty {
        if let Some(item) = map.remove(&key) {
            map.insert(clean, item);
        }
    }
}

/// Whether canonical JSON, whose numbers are doubles (RFC 8785, 3.2.2.3), keeps this integer as it
/// is. What it would round is kept as text instead.
fn is_exact(number: &serde_json::Number) -> bool {
    let magnitude = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
    magnitude.is_none_or(|magnitude| magnitude <= 1 << 53)
}
