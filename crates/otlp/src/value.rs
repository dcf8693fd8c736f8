//! Attribute values as texts, numbers and JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValueList, any_value::Value};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;

/// A text, or a number or truth value as text; `None` for structures and empty texts.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::StringValue(text) if !text.trim().is_empty() => Some(Cow::Borrowed(text)),
        Value::IntValue(number) => Some(Cow::Owned(number.to_string())),
        Value::DoubleValue(number) => Some(Cow::Owned(number.to_string())),
        Value::BoolValue(flag) => Some(Cow::Owned(flag.to_string())),
        _ => None,
    }
}

/// A number, also as text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::DoubleValue(number) => Some(*number),
        #[expect(clippy::cast_precision_loss, reason = "a duration or cost is far below 2^53")]
        Value::IntValue(number) => Some(*number as f64),
        Value::StringValue(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A whole number that is not negative, also as text or double.
pub(crate) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::IntValue(number) => u64::try_from(*number).ok(),
        Value::DoubleValue(number) => whole(*number),
        Value::StringValue(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// As [`count`], in JSON.
pub(crate) fn json_count(value: &Json) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().and_then(whole))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked and the number is whole"
)]
fn whole(number: f64) -> Option<u64> {
    let exact = number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&number);
    exact.then_some(number as u64)
}

/// As JSON; bytes become base64, and what JSON has no number for becomes null.
pub(crate) fn json(value: Value) -> Json {
    match value {
        Value::StringValue(text) => Json::String(text),
        Value::BoolValue(flag) => Json::Bool(flag),
        Value::IntValue(number) => Json::from(number),
        Value::DoubleValue(number) => Json::from(number),
        Value::ArrayValue(array) => array.values.into_iter().map(any).collect(),
        Value::KvlistValue(list) => Json::Object(object(list)),
        Value::BytesValue(bytes) => Json::String(STANDARD.encode(bytes)),
        // A reference into a table that only profiles have.
        Value::StringValueStrindex(_) => Json::Null,
    }
}

fn any(value: AnyValue) -> Json {
    value.value.map_or(Json::Null, json)
}

fn object(list: KeyValueList) -> Map<String, Json> {
    let pairs = list.values.into_iter();
    pairs.map(|pair| (pair.key, pair.value.map_or(Json::Null, any))).collect()
}

/// A text that looks like a JSON structure as that structure; any other stays a text.
pub(crate) fn structured(text: String) -> Json {
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => serde_json::from_str(&text).unwrap_or(Json::String(text)),
        _ => Json::String(text),
    }
}

/// A text that is always JSON; what is none stays a text.
pub(crate) fn quoted(text: String) -> Json {
    serde_json::from_str(&text).unwrap_or(Json::String(text))
}

/// As JSON, texts that look like structures parsed.
pub(crate) fn structure(value: Value) -> Json {
    match value {
        Value::StringValue(text) => structured(text),
        other => json(other),
    }
}
