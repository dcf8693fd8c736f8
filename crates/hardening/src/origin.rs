//! Where a web page comes from (RFC 6454; Fetch, section 3.2).

use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use url::Url;

/// The origin of a web page: `http` or `https`, a host, a port. Written as browsers do, in lower
/// case and without the scheme's own port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// The text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no origin: write it like https://example.org or https://example.org:8443")]
pub struct OriginError(String);

impl Origin {
    /// The text that browsers send as `Origin`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its pages come over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Whether it is what a `Host` field of this text means to a page of this origin's scheme.
    pub(crate) fn is_at(&self, host: &str) -> bool {
        let scheme = if self.is_https() { "https" } else { "http" };
        format!("{scheme}://{host}").parse().is_ok_and(|here: Self| here == *self)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let fault = || OriginError(text.to_owned());
        let url = Url::parse(text).map_err(|_| fault())?;
        let port = match url.scheme() {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(fault()),
        };
        let origin = url.origin().ascii_serialization();
        // `Url` forgives much that has no place in an origin: paths, names of users, blanks.
        let text = text.to_ascii_lowercase();
        let same = text == origin || text.strip_suffix(port) == Some(&origin);
        // To it `*` is a letter of a host like any other, but whoever writes it means all hosts.
        if same && !origin.contains('*') { Ok(Self(origin)) } else { Err(fault()) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_origin_is_written_in_one_way() {
        for (text, origin) in [
            ("https://example.org", "https://example.org"),
            ("HTTPS://Example.ORG:443", "https://example.org"),
            ("http://example.org:80", "http://example.org"),
            ("http://example.org:443", "http://example.org:443"),
            ("https://example.org:8443", "https://example.org:8443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), origin);
        }
    }

    #[test]
    fn nothing_else_is_an_origin() {
        for text in [
            "",
            "null",
            "*",
            "example.org",
            "//example.org",
            "https://",
            "https:example.org",
            "https://example.org/",
            "https://example.org/path",
            "https://example.org?x",
            "https://example.org#x",
            "https://user@example.org",
            "https://user:pw@example.org",
            " https://example.org",
            "https://example.org ",
            "https://exa\tmple.org",
            "https:\\\\example.org",
            "https://*.example.org",
            "https://bücher.example",
            "https://example.org:",
            "https://example.org:0443",
            "https://example.org:99999",
            "https://a.example, https://b.example",
            "https://0x7f.1",
            "file:///",
            "data:,",
            "ftp://example.org",
            "blob:https://example.org",
            "javascript://example.org",
            "https://example.org\r\nx: y",
            "https://[::1",
            "https://[0:0:0:0:0:0:0:1]",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_host_field_means_the_port_of_the_scheme() {
        let origin: Origin = "https://example.org".parse().unwrap();
        for host in ["example.org", "EXAMPLE.org", "example.org:443"] {
            assert!(origin.is_at(host), "{host}");
        }
        for host in [
            "",
            "example.org:80",
            "example.org.",
            "a.example.org",
            "user@example.org",
            "example.org/x",
        ] {
            assert!(!origin.is_at(host), "{host}");
        }
    }

    proptest! {
        #[test]
        fn what_was_read_reads_the_same_again(text in "[hH]ttps?://[a-zA-Z0-9.:@/\\[\\]-]{0,20}") {
            if let Ok(origin) = text.parse::<Origin>() {
                prop_assert_eq!(origin.as_str().parse::<Origin>(), Ok(origin));
            }
        }
    }
}
