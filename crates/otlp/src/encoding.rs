//! The two encodings of OTLP/HTTP, and the answer in each.

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

/// How a request, and so its answer, is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Binary Protobuf, `application/x-protobuf`.
    Protobuf,
    /// Protobuf's JSON mapping with OTLP's exceptions, `application/json`.
    Json,
}

impl Encoding {
    /// The encoding that a `Content-Type` names, whatever its parameters; `None` for any other.
    pub fn from_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        [Self::Protobuf, Self::Json]
            .into_iter()
            .find(|encoding| essence.eq_ignore_ascii_case(encoding.content_type()))
    }

    /// The media type, for the answer's `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// The body of a successful answer. `partial_success` is set only if spans were rejected or there is
/// something to tell (OTLP 1.9, "Partial Success").
pub fn response(encoding: Encoding, rejected: u64, message: &str) -> Vec<u8> {
    let told = rejected > 0 || !message.is_empty();
    match encoding {
        Encoding::Protobuf => {
            let partial_success = told.then(|| ExportTracePartialSuccess {
                rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
                error_message: message.to_owned(),
            });
            ExportTraceServiceResponse { partial_success }.encode_to_vec()
        }
        // Protobuf's JSON mapping writes 64-bit integers as strings.
        Encoding::Json if told => json!({
            "partialSuccess": {"rejectedSpans": rejected.to_string(), "errorMessage": message}
        })
        .to_string()
        .into_bytes(),
        Encoding::Json => b"{}".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types() {
        for (text, encoding) in [
            ("application/x-protobuf", Some(Encoding::Protobuf)),
            ("Application/JSON; charset=utf-8", Some(Encoding::Json)),
            (" application/json ", Some(Encoding::Json)),
            ("application/jsonl", None),
            ("text/plain", None),
            ("", None),
        ] {
            assert_eq!(Encoding::from_content_type(text), encoding, "{text:?}");
        }
    }

    #[test]
    fn a_full_success_is_empty() {
        assert_eq!(response(Encoding::Protobuf, 0, ""), b"");
        assert_eq!(response(Encoding::Json, 0, ""), b"{}");
    }

    #[test]
    fn a_partial_success_tells_count_and_reason() {
        let body = response(Encoding::Protobuf, 2, "no trace id");
        let answer = ExportTraceServiceResponse::decode(body.as_slice()).unwrap();
        let partial = answer.partial_success.unwrap();
        assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (2, "no trace id"));
        let json = r#"{"partialSuccess":{"errorMessage":"no trace id","rejectedSpans":"2"}}"#;
        let body = String::from_utf8(response(Encoding::Json, 2, "no trace id")).unwrap();
        assert_eq!(body, json);
    }
}
