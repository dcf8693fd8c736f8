//! Bytes → request. Nesting is bounded by both parsers (Protobuf: 100 messages, JSON: 128 levels), so
//! a bomb is an error and never a stack overflow.

use crate::{Encoding, json};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// A body that is no OTLP trace request. Says what is wrong and where, never with a value: it may be
/// patient data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The body is no valid Protobuf of that message.
    #[error("the body is no OTLP trace request: {0}")]
    Protobuf(String),
    /// The body is no JSON.
    #[error("the body is not valid JSON at line {line}, column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
    /// The JSON does not have the shape of a trace request.
    #[error("{path}: must be {expected}")]
    Shape {
        /// Such as `resourceSpans[0].scopeSpans[0].spans[3].traceId`.
        path: String,
        /// What the standard has there.
        expected: String,
    },
}

/// Decodes a body, which is already decompressed.
///
/// # Errors
/// The body is no trace request in that encoding, or is nested too deeply.
pub fn decode(body: &[u8], encoding: Encoding) -> Result<ExportTraceServiceRequest, DecodeError> {
    match encoding {
        // Prost's errors name messages, fields and wire types only.
        Encoding::Protobuf => ExportTraceServiceRequest::decode(body)
            .map_err(|error| DecodeError::Protobuf(error.to_string())),
        Encoding::Json => serde_json::from_slice::<json::Request>(body)
            .map(Into::into)
            .map_err(|error| describe(body, &error)),
    }
}

/// The fault with its path: parses again with the path tracked, which the good case need not pay.
fn describe(body: &[u8], error: &serde_json::Error) -> DecodeError {
    if !error.is_data() {
        return DecodeError::Syntax { line: error.line(), column: error.column() };
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let path = serde_path_to_error::deserialize::<_, json::Request>(&mut deserializer)
        .err()
        .map_or_else(String::new, |error| error.path().to_string());
    DecodeError::Shape { path, expected: expected(&error.to_string()) }
}

/// What serde wanted, cut out of `invalid type: string "…", expected …`.
fn expected(text: &str) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(words, _)| words);
    text.rsplit_once("expected ").map_or("as OTLP says", |(_, words)| words).to_owned()
}
