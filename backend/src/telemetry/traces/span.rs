//! A request as a span, by OpenTelemetry's semantic conventions for HTTP servers (1.x, stable).

use hardening::TraceParent;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use std::time::Duration;

/// What is told of a request that was answered: of its path the pattern, of its query, its fields
/// and its body nothing.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The method, `_OTHER` if no standard has it.
    pub method: &'a str,
    /// The path's pattern, if a route matched.
    pub route: Option<&'a str>,
    /// The answer's status.
    pub status: u16,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// How long it took.
    pub elapsed: Duration,
}

/// A request under way that is traced.
#[derive(Debug, Clone, Copy)]
pub struct Began {
    pub(super) parent: Option<TraceParent>,
    pub(super) trace_id: [u8; 16],
    /// Nanoseconds since 1970.
    pub(super) at: u64,
}

impl Began {
    /// The span of the whole request.
    pub(super) fn span(self, span_id: [u8; 8], answered: Answered<'_>, server: &str) -> Span {
        let Answered { method, route, status, scheme, elapsed } = answered;
        let mut attributes = vec![
            text("http.request.method", method),
            number("http.response.status_code", status.into()),
            text("url.scheme", scheme),
            text("server.address", server),
        ];
        attributes.extend(route.map(|route| text("http.route", route)));
        let failed = status >= 500;
        if failed {
            attributes.push(text("error.type", &status.to_string()));
        }
        let code = if failed { StatusCode::Error } else { StatusCode::Unset };
        Span {
            trace_id: self.trace_id.to_vec(),
            span_id: span_id.to_vec(),
            parent_span_id: self.parent.map_or_else(Vec::new, |it| it.span_id.to_vec()),
            name: route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}")),
            kind: SpanKind::Server.into(),
            start_time_unix_nano: self.at,
            end_time_unix_nano: self.at + elapsed.as_nanos() as u64,
            attributes,
            status: Some(Status { code: code.into(), message: String::new() }),
            ..Span::default()
        }
    }
}

/// Spans, and whose they are.
pub(super) fn batch(service_name: &str, spans: Vec<Span>) -> ResourceSpans {
    let version = env!("CARGO_PKG_VERSION");
    let resource = Resource {
        attributes: vec![text("service.name", service_name), text("service.version", version)],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: "researchflow".to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    };
    let spans = ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() };
    ResourceSpans { resource: Some(resource), scope_spans: vec![spans], ..ResourceSpans::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}
