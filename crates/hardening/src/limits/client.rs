//! Which address a request comes from, when there may be proxies in between.
//!
//! A proxy appends what it sees to a header, so the entries at the right are the truest: the last
//! was written by our peer. They are read from the right for as long as whoever wrote them is
//! trusted; what stands further left is only what somebody said.

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The proxies in front of this service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Which of those who speak to us are proxies.
    pub trust: Trust,
    /// The header that they write. Only one is read: a proxy that writes one of them lets the other
    /// pass as the client sent it.
    pub header: ProxyHeader,
}

/// Who is believed to be a proxy. Reads a number of hops, or networks: `10.0.0.0/8,fd00::/8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// So many, one behind the other, whatever their addresses. Nobody may reach the service past
    /// them.
    Hops(u8),
    /// Whoever has an address in one of these networks.
    Networks(Vec<IpNet>),
}

/// The header that a proxy appends to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which most proxies write.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Proxies {
    /// The client's address; `None` if the peer has none, as on a Unix socket.
    #[must_use]
    pub fn client_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        Some(self.client(peer, request.headers()))
    }

    /// The client's address, if `peer` sent these headers. An entry that is no address ends the
    /// search: then it is the last address that somebody trusted told.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut last = peer.to_canonical();
        let lines: Vec<_> = headers.get_all(self.header.name()).collect();
        let entries = lines.into_iter().rev().flat_map(|line| rsplit(line.as_bytes(), b','));
        for (hop, entry) in entries.enumerate() {
            if !self.trust.covers(last, hop) {
                break;
            }
            let Some(address) = self.header.address(entry) else { break };
            last = address;
        }
        last
    }
}

impl Trust {
    /// Whether `address` is believed, `hop` proxies behind the peer.
    fn covers(&self, address: IpAddr, hop: usize) -> bool {
        match self {
            Self::Hops(hops) => hop < usize::from(*hops),
            Self::Networks(networks) => networks.iter().any(|network| network.contains(&address)),
        }
    }
}

/// Nobody.
impl Default for Trust {
    fn default() -> Self {
        Self::Networks(Vec::new())
    }
}

impl FromStr for Trust {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, TrustError> {
        if let Ok(hops) = text.trim().parse() {
            return Ok(Self::Hops(hops));
        }
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let address = || part.parse().ok().map(|address: IpAddr| IpNet::from(address));
            part.parse().ok().or_else(address).ok_or_else(|| TrustError { part: part.to_owned() })
        };
        parts.map(network).collect::<Result<_, _>>().map(Self::Networks)
    }
}

/// A setting of trusted proxies that cannot be read. The text goes after the setting's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "has the part {part:?}, which must be a number of hops (0 to 255), or a network such as 10.0.0.0/8"
)]
pub struct TrustError {
    /// The part.
    pub part: String,
}

impl ProxyHeader {
    const fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => X_FORWARDED_FOR,
            Self::Forwarded => FORWARDED,
        }
    }

    fn address(self, entry: &[u8]) -> Option<IpAddr> {
        match self {
            Self::XForwardedFor => node(str::from_utf8(entry).ok()?),
            Self::Forwarded => {
                let pairs = rsplit(entry, b';').filter_map(|pair| str::from_utf8(pair).ok());
                let pairs = pairs.filter_map(|pair| pair.split_once('='));
                let mut told = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
                let (_, value) = told.next()?;
                // RFC 7239, 4: each parameter at most once.
                if told.next().is_some() { None } else { node(value) }
            }
        }
    }
}

/// An address as proxies write it: with or without quotes, brackets and port, which may be a made-up
/// one, such as `_gazonk` (RFC 7239, 6).
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let text = text.split_once(":_").map_or(text, |(address, _)| address);
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text.parse().ok();
    let address = address.or_else(|| text.parse().ok().map(|it: SocketAddr| it.ip()));
    address.or_else(|| bracketed().map(|it: Ipv6Addr| it.into())).map(|it| it.to_canonical())
}

/// The parts between separators outside quotes, from the right: a quote that a client leaves open
/// must not swallow what a proxy wrote after it. Of bytes, since a client may send what is no text,
/// and that must not hide what a proxy wrote after it either.
fn rsplit(bytes: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    bytes.rsplit(move |it| {
        quoted ^= *it == b'"';
        *it == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn client(trust: &str, header: ProxyHeader, peer: &str, lines: &[impl AsRef<[u8]>]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header.name(), HeaderValue::from_bytes(line.as_ref()).unwrap());
        }
        let proxies = Proxies { trust: trust.parse().unwrap(), header };
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn headers_of_the_untrusted_are_ignored() {
        for trust in ["", "0", "192.168.0.0/16"] {
            let told = client(trust, ProxyHeader::XForwardedFor, "10.0.0.1", &["198.51.100.1"]);
            assert_eq!(told, "10.0.0.1", "{trust}");
        }
        let other = client("1", ProxyHeader::Forwarded, "10.0.0.1", &[""; 0]);
        assert_eq!(other, "10.0.0.1");
    }

    #[test]
    fn hops_are_counted_from_the_right() {
        let of = |hops: &str, lines: &[&str]| {
            client(hops, ProxyHeader::XForwardedFor, "10.0.0.1", lines)
        };
        let lines = ["6.6.6.6, 198.51.100.1", "10.0.0.2"];
        assert_eq!(of("1", &lines), "10.0.0.2");
        assert_eq!(of("2", &lines), "198.51.100.1");
        assert_eq!(of("3", &lines), "6.6.6.6");
        assert_eq!(of("9", &lines), "6.6.6.6");
        assert_eq!(of("2", &["junk, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(of("1", &["198.51.100.1, junk"]), "10.0.0.1");
        assert_eq!(of("1", &[""]), "10.0.0.1");
    }

    #[test]
    fn networks_are_left_at_the_first_stranger() {
        let of = |peer: &str, lines: &[&str]| {
            client("10.0.0.0/8, fd00::/8, 192.0.2.1", ProxyHeader::XForwardedFor, peer, lines)
        };
        assert_eq!(of("10.0.0.1", &["6.6.6.6, 198.51.100.1:4711, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(of("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("fd00::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(of("192.0.2.1", &["[2001:db8::7]:80"]), "2001:db8::7");
        assert_eq!(of("192.0.2.2", &["198.51.100.1"]), "192.0.2.2");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        let of = |hops: &str, line: &str| client(hops, ProxyHeader::Forwarded, "10.0.0.1", &[line]);
        assert_eq!(of("1", r#"For="[2001:db8:cafe::17]:4711""#), "2001:db8:cafe::17");
        assert_eq!(of("1", "for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
        assert_eq!(of("2", r#"for=192.0.2.43, for="[2001:db8::1]";by=x"#), "192.0.2.43");
        assert_eq!(of("1", r#"for="192.0.2.43:_p""#), "192.0.2.43");
        assert_eq!(of("1", r#"for="[2001:db8::1]:_p.1""#), "2001:db8::1");
        for garbage in ["for=unknown", "for=_hidden", "by=10.0.0.9", "for=1.1.1.1;for=2.2.2.2", ""]
        {
            assert_eq!(of("1", garbage), "10.0.0.1", "{garbage}");
        }
    }

    #[test]
    fn quotes_of_a_client_hide_nothing() {
        let of = |line: &str| client("1", ProxyHeader::Forwarded, "10.0.0.1", &[line]);
        assert_eq!(of(r#"for="6.6.6.6, for=198.51.100.1"#), "198.51.100.1");
        assert_eq!(of(r#"for=198.51.100.1;host="a;for=6.6.6.6""#), "198.51.100.1");
        assert_eq!(of(r#"for=198.51.100.1;host="a, for=6.6.6.6""#), "198.51.100.1");
    }

    #[test]
    fn bytes_that_are_no_text_hide_nothing() {
        let x_forwarded_for =
            |line: &[u8]| client("2", ProxyHeader::XForwardedFor, "10.0.0.1", &[line]);
        assert_eq!(x_forwarded_for(b"\xff, 198.51.100.1"), "198.51.100.1");
        assert_eq!(x_forwarded_for(b"6.6.6.6, x\x80, 198.51.100.1"), "198.51.100.1");
        assert_eq!(x_forwarded_for(b"198.51.100.1, \xff"), "10.0.0.1");
        let forwarded = |line: &[u8]| client("2", ProxyHeader::Forwarded, "10.0.0.1", &[line]);
        assert_eq!(forwarded(b"for=\xff, for=198.51.100.1"), "198.51.100.1");
        assert_eq!(forwarded(b"for=198.51.100.1;host=\"\xff\""), "198.51.100.1");
    }

    #[test]
    fn a_setting_that_cannot_be_read_says_which_part() {
        let error = "10.0.0.0/8,10.0.0.0/33".parse::<Trust>().unwrap_err();
        assert_eq!(error.part, "10.0.0.0/33");
    }
}
