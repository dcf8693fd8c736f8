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
    /// The JSON is no text, be it in a place that is passed over unread.
    #[error("the body is not valid UTF-8 at byte {byte}")]
    NotUtf8 {
        /// Counted from 0.
        byte: usize,
    },
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
        Encoding::Json => {
            let text = std::str::from_utf8(body)
                .map_err(|error| DecodeError::NotUtf8 { byte: error.valid_up_to() })?;
            let request = serde_json::from_str::<json::Request>(text);
            request.map(Into::into).map_err(|error| describe(text, &error))
        }
    }
}

/// The fault with its path: parses again with the path tracked, which the good case need not pay.
fn describe(text: &str, error: &serde_json::Error) -> DecodeError {
    if !error.is_data() {
        return DecodeError::Syntax { line: error.line(), column: error.column() };
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let path = serde_path_to_error::deserialize::<_, json::Request>(&mut deserializer)
        .err()
        .map(|error| error.path().to_string())
        // The whole is a dot to the tracker.
        .filter(|path| path != ".")
        .unwrap_or_else(|| "the body".to_owned());
    DecodeError::Shape { path, expected: expected(&error.to_string()) }
}

/// What serde wanted, cut out of `invalid type: string "…", expected …`.
fn expected(text: &str) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(words, _)| words);
    let words = match text.rsplit_once("expected ") {
        // Serde names our types, which nobody else knows.
        Some((_, words)) if words.starts_with("struct ") => "an object",
        Some((_, words)) => words,
        None => "as OTLP says",
    };
    words.to_owned()
}
