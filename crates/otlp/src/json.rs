//! The JSON encoding of OTLP (OTLP 1.9, "JSON Protobuf Encoding"): lowerCamelCase names, ids in hex,
//! enumerations as numbers, unknown fields ignored.
//!
//! `opentelemetry-proto` has serde implementations of its own. They refuse what exporters send and
//! Protobuf's JSON mapping allows (absent and null fields, names of enumerations, `"NaN"`), and
//! buffer every attribute value; hence these.

use crate::json_scalars::{AnyJson, Enumeration, Hex, Integer};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as proto;
use serde::{Deserialize, Deserializer};

/// Declares a JSON object and how it becomes its Protobuf message. A field that is absent or null
/// is what Protobuf takes for absent: empty.
macro_rules! object {
    ($name:ident => $message:ty { $($field:ident: $json:ty = $convert:expr),+ $(,)? }) => {
        pub(crate) struct $name {
            $($field: Option<$json>),+
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Serde's derive alone would take an array of the fields' values too.
                #[derive(Deserialize)]
                #[serde(rename_all = "camelCase")]
                struct Fields {
                    $($field: Option<$json>),+
                }
                let Fields { $($field),+ } = invocation::object(deserializer)?;
                Ok(Self { $($field),+ })
            }
        }

        impl From<$name> for $message {
            fn from(json: $name) -> Self {
                let mut message = Self::default();
                $(message.$field = $convert(json.$field);)+
                message
            }
        }
    };
}

object!(Request => ExportTraceServiceRequest { resource_spans: Vec<ResourceSpans> = list });

object!(ResourceSpans => proto::ResourceSpans {
    resource: ResourceJson = message,
    scope_spans: Vec<ScopeSpans> = list,
});

object!(ResourceJson => Resource { attributes: Vec<Attribute> = list });

object!(ScopeSpans => proto::ScopeSpans { scope: Scope = message, spans: Vec<Span> = list });

object!(Scope => InstrumentationScope { name: String = plain, version: String = plain });

object!(Span => proto::Span {
    trace_id: Hex = bytes,
    span_id: Hex = bytes,
    parent_span_id: Hex = bytes,
    name: String = plain,
    kind: Enumeration = |kind| number(kind, proto::span::SpanKind::from_str_name),
    start_time_unix_nano: Integer<u64> = integer,
    end_time_unix_nano: Integer<u64> = integer,
    attributes: Vec<Attribute> = list,
    events: Vec<SpanEvent> = list,
    status: Status = message,
});

object!(SpanEvent => proto::span::Event {
    time_unix_nano: Integer<u64> = integer,
    name: String = plain,
    attributes: Vec<Attribute> = list,
});

object!(Status => proto::Status {
    message: String = plain,
    code: Enumeration = |code| number(code, proto::status::StatusCode::from_str_name),
});

object!(Attribute => KeyValue { key: String = plain, value: AnyJson = message });

fn plain(text: Option<String>) -> String {
    text.unwrap_or_default()
}

fn bytes(hex: Option<Hex>) -> Vec<u8> {
    hex.map_or_else(Vec::new, |hex| hex.0)
}

fn integer(number: Option<Integer<u64>>) -> u64 {
    number.map_or(0, |number| number.0)
}

/// An enumeration's number; a name that is none of its own counts as absent, as Protobuf has it for
/// numbers that a later version may add.
fn number<E: Into<i32>>(told: Option<Enumeration>, named: fn(&str) -> Option<E>) -> i32 {
    match told {
        None => 0,
        Some(Enumeration::Number(number)) => number,
        Some(Enumeration::Name(name)) => named(&name).map_or(0, Into::into),
    }
}

fn message<J, M: From<J>>(json: Option<J>) -> Option<M> {
    json.map(M::from)
}

pub(crate) fn list<J, M: From<J>>(json: Option<Vec<J>>) -> Vec<M> {
    json.unwrap_or_default().into_iter().map(M::from).collect()
}
