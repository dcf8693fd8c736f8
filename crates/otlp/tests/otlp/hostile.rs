//! No body and no value brings it down.

use crate::common::{NOW, attribute, event, request, span, span_event, text};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use otlp::{Encoding, TABLE};
use proptest::prelude::*;

const LEVELS: usize = 100_000;

/// Wraps `inner` in a length-delimited field.
fn wrap(field: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 2];
    prost::encoding::encode_varint(inner.len() as u64, &mut bytes);
    bytes.extend(inner);
    bytes
}

#[test]
fn a_protobuf_bomb_is_an_error() {
    // Built from the inside: the lengths of all levels in one buffer, back to front.
    let mut reversed: Vec<u8> = Vec::new();
    for level in 0..2 * LEVELS {
        let mut head = vec![if level % 2 == 0 { 1 << 3 | 2 } else { 5 << 3 | 2 }];
        prost::encoding::encode_varint(reversed.len() as u64, &mut head);
        reversed.extend(head.iter().rev());
    }
    let nested: Vec<u8> = reversed.into_iter().rev().collect();
    // KeyValue.value, Span.attributes, ScopeSpans.spans, ResourceSpans.scope_spans, the request.
    let body = [2, 9, 2, 2, 1].iter().fold(nested, |inner, field| wrap(*field, &inner));
    let error = otlp::decode(&body, Encoding::Protobuf).unwrap_err().to_string();
    assert!(error.contains("recursion"), "{error}");
}

fn json_nested(open: &str, close: &str) -> String {
    let head = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":"#;
    format!("{head}{}1{}}}]}}]}}]}}]}}", open.repeat(LEVELS), close.repeat(LEVELS))
}

#[test]
fn a_json_bomb_is_an_error() {
    for (open, close) in [
        (r#"{"arrayValue":{"values":["#, "]}}"),
        (r#"{"kvlistValue":{"values":[{"value":"#, "}]}}"),
        ("[", "]"),
    ] {
        assert!(otlp::decode(json_nested(open, close).as_bytes(), Encoding::Json).is_err());
    }
    let in_an_unknown_field = json_nested(r#"{"unknown":"#, "}");
    assert!(otlp::decode(in_an_unknown_field.as_bytes(), Encoding::Json).is_ok());
}

#[test]
fn content_deeper_than_an_event_may_be_is_kept_as_text() {
    let nested = format!("{}{}", "[".repeat(60), "]".repeat(60));
    let bomb = "[".repeat(LEVELS);
    for content in [nested, bomb] {
        let event = event(span(vec![text("input.value", &content), text("metadata", &content)]));
        assert_eq!(serde_json::to_value(event.input).unwrap(), serde_json::json!(content));
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        ".{0,40}".prop_map(Value::StringValue),
        r#"[\[{"a:1,}\]]{0,12}"#.prop_map(Value::StringValue),
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        any::<f64>().prop_map(Value::DoubleValue),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Value::BytesValue),
        any::<i32>().prop_map(Value::StringValueStrindex),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let any_value = prop::option::of(inner).prop_map(|value| AnyValue { value });
        let pair = (".{0,6}", any_value.clone()).prop_map(|(key, value)| KeyValue {
            key,
            value: Some(value),
            ..KeyValue::default()
        });
        prop_oneof![
            prop::collection::vec(any_value, 0..4)
                .prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            prop::collection::vec(pair, 0..4)
                .prop_map(|values| Value::KvlistValue(KeyValueList { values })),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(TABLE).prop_flat_map(|row| {
        let suffix = if row.key.ends_with('.') { "([0-9]{1,3}|[a-z]{1,3}|\\.){0,6}" } else { "" };
        suffix.prop_map(move |suffix| format!("{}{suffix}", row.key))
    });
    prop_oneof![4 => known, 1 => ".{0,20}"]
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    prop::collection::vec((key(), value()).prop_map(|(key, value)| attribute(&key, value)), 0..12)
}

fn event_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "exception",
            "gen_ai.choice",
            "gen_ai.user.message",
            "gen_ai.content.prompt",
            "First Token Stream Event",
        ][..],
    )
}

proptest! {
    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            if let Ok(request) = otlp::decode(&body, encoding) {
                otlp::events(request, NOW);
            }
        }
    }

    #[test]
    fn any_values(
        own in attributes(),
        events in prop::collection::vec((event_name(), attributes()), 0..3),
        times in any::<(u64, u64)>(),
        code in any::<i32>(),
    ) {
        let mut span = span(own);
        span.events = events.into_iter().map(|(name, told)| span_event(name, told)).collect();
        span.status.get_or_insert_default().code = code;
        // With a sane time, no values whatever make an event that its own rules refuse.
        let batch = otlp::events(request(vec![span.clone()]), NOW);
        prop_assert!(batch.events.iter().all(Result::is_ok));
        (span.start_time_unix_nano, span.end_time_unix_nano) = times;
        otlp::events(request(vec![span]), NOW);
    }

    #[test]
    fn json_of_any_request_is_read_as_it_was(own in attributes()) {
        let request = request(vec![span(own)]);
        let json = serde_json::to_vec(&request).unwrap();
        if let Ok(read) = otlp::decode(&json, Encoding::Json) {
            let count = |request: &otlp::ExportTraceServiceRequest| {
                request.resource_spans[0].scope_spans[0].spans[0].attributes.len()
            };
            prop_assert_eq!(count(&read), count(&request));
        }
    }
}
