//! Requests made by hand.

use invocation::{Event, Timestamp};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span};
use otlp::{Batch, ExportTraceServiceRequest};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
pub(crate) const START: u64 = 1_799_999_000_000_000_000;

pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub(crate) fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

pub(crate) fn span_event(name: &str, attributes: Vec<KeyValue>) -> span::Event {
    let time_unix_nano = START + 250_000_000;
    span::Event { name: name.to_owned(), time_unix_nano, attributes, ..span::Event::default() }
}

pub(crate) fn span(attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        name: "a span".to_owned(),
        start_time_unix_nano: START,
        end_time_unix_nano: START + 1_500_000_000,
        attributes,
        ..Span::default()
    }
}

pub(crate) fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }
}

pub(crate) fn batch(span: Span) -> Batch {
    otlp::events(request(vec![span]), NOW)
}

/// The event of the only span.
pub(crate) fn event(span: Span) -> Event {
    batch(span).events.remove(0).unwrap()
}

/// The event of a model call with these attributes.
pub(crate) fn told(mut attributes: Vec<KeyValue>) -> Event {
    attributes.push(int("gen_ai.usage.output_tokens", 50));
    event(span(attributes))
}
