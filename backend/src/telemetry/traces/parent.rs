//! The caller's span (W3C Trace Context, section 3.2).

use actix_web::http::header::HeaderMap;

/// The span that a request was made in, in another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    /// Whether the caller records it.
    pub(super) is_sampled: bool,
}

impl Parent {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all("traceparent");
        let value = values.next().filter(|_| values.next().is_none())?;
        parse(value.to_str().ok()?)
    }
}

/// `00-<trace id>-<span id>-<flags>`, in lower case; versions to come may have more behind it.
fn parse(value: &str) -> Option<Parent> {
    let mut parts = value.split('-');
    let version = bytes::<1>(parts.next()?).filter(|it| *it != [0xff])?;
    let trace_id = bytes(parts.next()?).filter(|it| *it != [0; 16])?;
    let span_id = bytes(parts.next()?).filter(|it| *it != [0; 8])?;
    let [flags] = bytes(parts.next()?)?;
    let whole = version != [0] || parts.next().is_none();
    whole.then_some(Parent { trace_id, span_id, is_sampled: flags & 1 == 1 })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_upper = text.bytes().any(|it| it.is_ascii_uppercase());
    let mut bytes = [0; N];
    (!is_upper && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn only_what_the_standard_allows_is_a_parent() {
        let parent = parse(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!(hex::encode(parent.trace_id), TRACE);
        assert_eq!(hex::encode(parent.span_id), "00f067aa0ba902b7");
        assert!(parent.is_sampled);
        let not = parse(&format!("cc-{TRACE}-00f067aa0ba902b7-02-more")).unwrap();
        assert!(!not.is_sampled);
        for value in [
            String::new(),
            format!("00-{TRACE}"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
        ] {
            assert_eq!(parse(&value), None, "{value}");
        }
    }
}
