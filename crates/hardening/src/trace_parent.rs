//! The caller's span (W3C Trace Context, section 3.2).

use crate::layer::Given;
use actix_web::http::header::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The span that a request was made in, in another process. A request that came with a valid
/// `traceparent` has it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace, not zero.
    pub trace_id: [u8; 16],
    /// The span in it, not zero.
    pub span_id: [u8; 8],
    /// Whether the caller records it.
    pub is_sampled: bool,
}

impl TraceParent {
    /// The trace's id as 32 lower-case hexadecimal digits.
    pub fn trace_text(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.trace_id))
    }

    pub(crate) fn given(headers: &HeaderMap) -> Option<Self> {
        Self::parse(Given::of(headers, &TRACEPARENT).once()?)
    }

    /// `00-<trace id>-<span id>-<flags>`; versions to come may have more behind it, and `ff` is none
    /// (W3C Trace Context, sections 3.2.2 and 4).
    fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split('-');
        let version = parts.next().filter(|it| is_hex(it, 2) && *it != "ff")?;
        let trace = parts.next().filter(|it| is_hex(it, 32) && !is_zero(it))?;
        let span = parts.next().filter(|it| is_hex(it, 16) && !is_zero(it))?;
        let flags = parts.next().filter(|it| is_hex(it, 2))?;
        if version == "00" && parts.next().is_some() {
            return None;
        }
        Some(Self {
            trace_id: u128::from_str_radix(trace, 16).ok()?.to_be_bytes(),
            span_id: u64::from_str_radix(span, 16).ok()?.to_be_bytes(),
            is_sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
        })
    }
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
    fn only_what_the_standard_allows_is_a_parent() {
        let parent = TraceParent::parse(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!(parent.trace_text(), TRACE);
        assert_eq!(parent.trace_id[..2], [0x4b, 0xf9]);
        assert_eq!(parent.span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
        assert!(parent.is_sampled);
        let later = TraceParent::parse(&format!("cc-{TRACE}-00f067aa0ba902b7-02-more")).unwrap();
        assert!(later.trace_text() == TRACE && !later.is_sampled);
        let small = TraceParent::parse(&format!("00-{}1-{}1-01", "0".repeat(31), "0".repeat(15)));
        assert_eq!(small.unwrap().trace_text(), format!("{}1", "0".repeat(31)));
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
            assert_eq!(TraceParent::parse(&value), None, "{value}");
        }
    }
}
