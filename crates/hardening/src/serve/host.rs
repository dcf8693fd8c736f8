//! `Host`.

use actix_web::dev::RequestHead;
use actix_web::http::Version;
use actix_web::http::header::{HOST, HeaderValue};
use actix_web::http::uri::Authority;

/// RFC 9112, section 3.2: there is one `Host` at most, and it is one; so is what the address names
/// (on HTTP/2 `:authority`). That there is one at all on HTTP/1.1 actix-http has seen to. On HTTP/2 one
/// of both is there and names a host, and they do not differ (RFC 9113, section 8.3.1): who stands in
/// between may have decided by the other.
pub(super) fn has_sound_host(head: &RequestHead) -> bool {
    let mut hosts = head.headers().get_all(HOST);
    let host = hosts.next().map(HeaderValue::as_bytes);
    let is_sound = host.is_none_or(|host| {
        host.is_empty() || Authority::try_from(host).is_ok_and(|host| is_host(&host))
    });
    let authority = head.uri.authority();
    let agree = head.version != Version::HTTP_2
        || match (host, authority) {
            (Some(host), Some(authority)) => {
                authority.as_str().as_bytes().eq_ignore_ascii_case(host)
            }
            (Some(host), None) => !host.is_empty(),
            (None, authority) => authority.is_some(),
        };
    is_sound && agree && hosts.next().is_none() && authority.is_none_or(is_host)
}

/// A host and perhaps a port (RFC 9110, section 7.2), and nobody's name or password (section 4.2.4).
fn is_host(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host());
    rest.is_some_and(|rest| match rest.strip_prefix(':') {
        Some(port) => port.is_empty() || is_port(port),
        None => rest.is_empty(),
    })
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_digit()) && text.parse::<u16>().is_ok()
}
