//! Spans at a receiver that takes OTLP.

use super::{CANARY, by_other_method};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::net::TcpListener;
use tests::{Database, KEY, PROJECT, Posted, Receiver, Service, both, eventually};

both!(requests_are_spans_of_their_callers_trace, without_a_collector_spans_are_dropped);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

pub(super) fn requests(posted: &[Posted]) -> Vec<ExportTraceServiceRequest> {
    posted.iter().map(|it| ExportTraceServiceRequest::decode(&*it.body).unwrap()).collect()
}

fn spans(receiver: &Receiver) -> Vec<Span> {
    let batches = requests(&receiver.posted()).into_iter().flat_map(|it| it.resource_spans);
    batches.flat_map(|it| it.scope_spans).flat_map(|it| it.spans).collect()
}

fn value(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|it| it.key == key);
    match found.and_then(|it| it.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{key}: {other:?}"),
    }
}

fn requests_are_spans_of_their_callers_trace(database: Database) {
    let receiver = Receiver::start();
    let endpoint = format!("http://{}/otlp", receiver.address());
    let service = Service::builder(database).env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
    let service = service.env("OTEL_SERVICE_NAME", "our-record").env("RUST_LOG", "info");
    let mut service = service.start();
    let traced = |flags: &str| [("traceparent".to_owned(), format!("00-{TRACE}-{PARENT}-{flags}"))];
    let path = format!("{PROJECT}/invocations/{CANARY}");
    for flags in ["01", "00"] {
        let [(name, value)] = traced(flags);
        service.key().send("GET", &path, &[(&name, &value)], None).problem(404);
    }
    by_other_method(&service, &path).problem_4xx();
    let span = eventually("the span is there", || {
        spans(&receiver).into_iter().find(|it| hex(&it.trace_id) == TRACE)
    });
    let route = "/api/v1/projects/{project}/invocations/{event}";
    assert_eq!(span.name, format!("GET {route}"));
    assert_eq!(hex(&span.parent_span_id), PARENT);
    assert_eq!((span.span_id.len(), span.kind), (8, 2), "a server's");
    assert!(span.start_time_unix_nano < span.end_time_unix_nano);
    assert_eq!(value(&span.attributes, "http.request.method"), "GET");
    assert_eq!(value(&span.attributes, "http.route"), route);
    assert_eq!(value(&span.attributes, "http.response.status_code"), "404");
    assert_eq!(value(&span.attributes, "url.scheme"), "http");
    assert_eq!(value(&span.attributes, "server.address"), "127.0.0.1");
    // What is left goes before the end.
    assert!(service.stop().success());
    let all = spans(&receiver);
    let ours: Vec<_> = all.iter().filter(|it| hex(&it.trace_id) == TRACE).collect();
    assert_eq!(ours.len(), 1, "the second request's caller records nothing");
    assert!(all.iter().any(|it| value(&it.attributes, "http.request.method") == "_OTHER"));
    for posted in receiver.posted() {
        assert_eq!(posted.target, "/otlp/v1/traces");
        assert!(posted.head.contains("application/x-protobuf"), "{}", posted.head);
        let text = String::from_utf8_lossy(&posted.body);
        assert!(!text.contains(CANARY) && !text.contains(KEY) && !text.contains("MARGARET"));
    }
    let resource = requests(&receiver.posted())[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(value(&resource.attributes, "service.name"), "our-record");
}

fn without_a_collector_spans_are_dropped(database: Database) {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{nobody}");
    let service = Service::builder(database).env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
    let mut service = service.start();
    let dropped = "researchflow_trace_spans_total{outcome=\"dropped\"} ";
    eventually("they are counted", || {
        let metrics = service.nobody().get("/metrics").text();
        metrics.lines().find_map(|line| line.strip_prefix(dropped)?.parse::<u64>().ok())
    });
    assert!(service.stop().success());
    let told = service
        .log()
        .into_iter()
        .filter(|line| line["message"] == "the collector does not take spans; they are dropped");
    assert_eq!(told.count(), 1);
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
