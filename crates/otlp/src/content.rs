//! Inputs and outputs out of what was told.

use crate::dialect::Field;
use crate::found::Found;
use crate::span_events::Messages;
use crate::{tree, value};
use invocation::Content;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde_json::{Map, Value as Json};

/// All that went in: the messages alone or, where instructions and tools are told beside them, an
/// object of the three.
pub(crate) fn input(found: &mut Found, messages: &mut Messages) -> Option<Content> {
    let input = found.content(Field::Input).or_else(|| messages.input());
    let system = found.content(Field::SystemInstructions);
    let tools = found.content(Field::ToolDefinitions);
    if system.is_none() && tools.is_none() {
        return input.map(content);
    }
    let parts = [("system_instructions", system), ("tools", tools), ("messages", input)];
    let parts = parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?)));
    Some(content(Json::Object(Map::from_iter(parts))))
}

/// All that came out.
pub(crate) fn output(found: &mut Found, messages: &mut Messages) -> Option<Content> {
    found.content(Field::Output).or_else(|| messages.output()).map(content)
}

/// A structure that was told leaf by leaf.
pub(crate) fn grown(leaves: Vec<(String, Value)>) -> Json {
    tree::grow(leaves.into_iter().map(|(path, leaf)| (path, value::json(leaf))))
}

/// Numbers and truth values become texts, and so does what is nested deeper than an event may be.
fn content(json: Json) -> Content {
    const MAX_DEPTH: usize = 32;
    match json {
        Json::String(text) => Content::Text(text),
        Json::Array(_) | Json::Object(_) if is_within(&json, MAX_DEPTH) => Content::Structure(json),
        other => Content::Text(other.to_string()),
    }
}

fn is_within(json: &Json, depth: usize) -> bool {
    match json {
        Json::Array(items) => depth > 0 && items.iter().all(|item| is_within(item, depth - 1)),
        Json::Object(map) => depth > 0 && map.values().all(|item| is_within(item, depth - 1)),
        _ => true,
    }
}
