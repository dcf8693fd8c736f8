//! `Host`.

use actix_web::dev::RequestHead;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;

/// RFC 9112, section 3.2: there is one `Host` at most, and it is one. That there is one at all on
/// HTTP/1.1 actix-http has seen to.
pub(super) fn has_sound_host(head: &RequestHead) -> bool {
    let mut hosts = head.headers().get_all(HOST);
    let sound = hosts
        .next()
        .is_none_or(|host| host.is_empty() || Authority::try_from(host.as_bytes()).is_ok());
    sound && hosts.next().is_none()
}
