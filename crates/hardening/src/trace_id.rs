//! The trace that the caller is in (W3C Trace Context).

use crate::layer::Given;
use actix_web::http::header::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of the caller's trace: 32 lower-case hexadecimal digits, not all zero. A request that
/// came with a valid `traceparent` has it as an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceId(String);

impl TraceId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn given(headers: &HeaderMap) -> Option<Self> {
        trace_id(Given::of(headers, &TRACEPARENT).once()?).map(|id| Self(id.to_owned()))
    }
}

/// `00-<trace id>-<span id>-<flags>`; versions to come may have more behind it, and `ff` is none
/// (W3C Trace Context, sections 3.2.2 and 4).
fn trace_id(value: &str) -> Option<&str> {
    let mut parts = value.split('-');
    let version = parts.next().filter(|it| is_hex(it, 2) && *it != "ff")?;
    let trace = parts.next().filter(|it| is_hex(it, 32) && !is_zero(it))?;
    parts.next().filter(|it| is_hex(it, 16) && !is_zero(it))?;
    parts.next().filter(|it| is_hex(it, 2))?;
    (version != "00" || parts.next().is_none()).then_some(trace)
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|it| it == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn only_what_the_standard_allows_is_a_trace() {
        assert_eq!(trace_id(&format!("00-{TRACE}-00f067aa0ba902b7-01")), Some(TRACE));
        assert_eq!(trace_id(&format!("cc-{TRACE}-00f067aa0ba902b7-01-more")), Some(TRACE));
        for value in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}é-00f067aa0ba902b7-01"),
            format!("00 -{TRACE}-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(trace_id(&value), None, "{value}");
        }
    }
}
