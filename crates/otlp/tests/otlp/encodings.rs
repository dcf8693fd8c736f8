//! JSON and Protobuf tell the same, and JSON as exporters write it is understood.

use crate::common::{NOW, START, span, text};
use crate::sdks::bodies;
use invocation::Event;
use opentelemetry_proto::tonic::trace::v1::Span;
use otlp::{DecodeError, Encoding, ExportTraceServiceRequest};
use prost::Message;
use serde_json::{Value, json};

fn from_json(json: &Value) -> Result<ExportTraceServiceRequest, DecodeError> {
    otlp::decode(json.to_string().as_bytes(), Encoding::Json)
}

fn one_span(span: &Value) -> Value {
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
}

fn span_of(json: &Value) -> Span {
    from_json(&one_span(json))
        .unwrap()
        .resource_spans
        .remove(0)
        .scope_spans
        .remove(0)
        .spans
        .remove(0)
}

fn shown(event: &Event) -> String {
    let Event { model, usage, input, output, attributes, tags, latency_ms, .. } = event;
    format!("{model:?} {usage:?} {input:?} {output:?} {attributes:?} {tags:?} {latency_ms:?}")
}

#[test]
fn both_encodings_tell_the_same() {
    for sdk in ["opentelemetry", "openinference", "traceloop", "langfuse"] {
        for body in bodies(sdk) {
            let binary = otlp::decode(&body, Encoding::Protobuf).unwrap();
            // The encoder is not ours: opentelemetry-proto's.
            let json = serde_json::to_vec(&binary).unwrap();
            let json = otlp::decode(&json, Encoding::Json).unwrap();
            let (binary, json) = (otlp::events(binary, NOW), otlp::events(json, NOW));
            assert_eq!((binary.skipped, binary.events.len()), (json.skipped, json.events.len()));
            for (one, other) in binary.events.iter().zip(&json.events) {
                assert_eq!(shown(one.as_ref().unwrap()), shown(other.as_ref().unwrap()));
            }
        }
    }
}

#[test]
fn json_as_exporters_write_it() {
    let span = span_of(&json!({
        "traceId": "ABABABABABABABABABABABABABABABAB",
        "spanId": "cdcdcdcdcdcdcdcd",
        "parentSpanId": "",
        "flags": 256,
        "traceState": null,
        "name": "chat",
        "kind": "SPAN_KIND_CLIENT",
        "startTimeUnixNano": START.to_string(),
        "endTimeUnixNano": START + 5_000_000,
        "status": {"code": "STATUS_CODE_ERROR"},
        "events": null,
        "links": [{"traceId": "00"}],
        "unknownField": {"deep": [1, {"er": null}]},
        "attributes": [
            {"key": "text", "value": {"stringValue": "a"}},
            {"key": "int as text", "value": {"intValue": "-9223372036854775808"}},
            {"key": "int", "value": {"intValue": 7}},
            {"key": "double", "value": {"doubleValue": 1}},
            {"key": "infinite", "value": {"doubleValue": "-Infinity"}},
            {"key": "bool", "value": {"boolValue": true}},
            {"key": "bytes", "value": {"bytesValue": "AQI="}},
            {"key": "array", "value": {"arrayValue": {"values": [{"intValue": "1"}, {}]}}},
            {"key": "empty array", "value": {"arrayValue": {}}},
            {"key": "object", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}}},
            {"key": "unknown type", "value": {"newValue": {"x": 1}}},
            {"key": "no value"},
            {"value": {"stringValue": "no key"}},
        ],
    }));
    assert_eq!(span.trace_id, vec![0xab; 16]);
    assert_eq!((span.kind, span.status.unwrap().code), (3, 2));
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 5_000_000);
    let values: Vec<String> = span.attributes[..10]
        .iter()
        .map(|pair| format!("{:?}", pair.value.clone().unwrap().value.unwrap()))
        .collect();
    assert_eq!(
        values[..7],
        [
            r#"StringValue("a")"#,
            "IntValue(-9223372036854775808)",
            "IntValue(7)",
            "DoubleValue(1.0)",
            "DoubleValue(-inf)",
            "BoolValue(true)",
            "BytesValue([1, 2])",
        ]
    );
    assert!(values[7].contains("IntValue(1)") && values[9].contains(r#"StringValue("v")"#));
    assert!(span.attributes[10].value.clone().unwrap().value.is_none());
}

#[test]
fn empty_requests_hold_nothing() {
    for json in [json!({}), json!({"resourceSpans": []}), json!({"resourceSpans": [{}]})] {
        let batch = otlp::events(from_json(&json).unwrap(), NOW);
        assert_eq!((batch.events.len(), batch.skipped), (0, 0));
    }
    assert_eq!(otlp::decode(b"", Encoding::Protobuf).unwrap().resource_spans.len(), 0);
}

#[test]
fn faults_name_their_place_and_never_the_value() {
    let bad_int = json!({"attributes": [{"key": "a", "value": {"intValue": "536-90-4399"}}]});
    for (span, expected) in [
        (
            json!({"traceId": "536-90-4399"}),
            "resourceSpans[0].scopeSpans[0].spans[0].traceId: must be an id in hex digits",
        ),
        (
            json!({"startTimeUnixNano": "536-90-4399"}),
            "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: must be a 64-bit integer, as text or number",
        ),
        (
            json!({"name": ["536-90-4399"]}),
            "resourceSpans[0].scopeSpans[0].spans[0].name: must be a string",
        ),
        (
            bad_int,
            "resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.intValue: must be a 64-bit integer, as text or number",
        ),
    ] {
        assert_eq!(from_json(&one_span(&span)).unwrap_err().to_string(), expected);
    }
    for (body, expected) in [
        (&b"[null]"[..], "the body: must be an object"),
        (b"{\"resourceSpans\":[[null]]}", "resourceSpans[0]: must be an object"),
        (b"{\"unknown\":\"\xff\"}", "the body is not valid UTF-8 at byte 12"),
    ] {
        assert_eq!(otlp::decode(body, Encoding::Json).unwrap_err().to_string(), expected);
    }
    let syntax = otlp::decode(b"{\"resourceSpans\": [}", Encoding::Json).unwrap_err();
    assert_eq!(syntax.to_string(), "the body is not valid JSON at line 1, column 20");
    let mut body =
        crate::common::request(vec![span(vec![text("key", "536-90-4399")])]).encode_to_vec();
    let at = body.windows(11).position(|window| window == b"536-90-4399").unwrap();
    body[at + 3] = 0xff;
    let binary = otlp::decode(&body, Encoding::Protobuf).unwrap_err().to_string();
    assert!(binary.contains("UTF-8") && !binary.contains("4399"), "{binary}");
}
