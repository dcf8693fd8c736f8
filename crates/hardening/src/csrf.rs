//! Cross-site request forgery: another site's page cannot make a browser act here in its user's
//! name.
//!
//! The rule is that of the OWASP CSRF Prevention Cheat Sheet ("Fetch Metadata headers", with
//! `Origin` for what is older) and of `CrossOriginProtection` in Go's `net/http`. Browsers write
//! both fields themselves and let no script touch them (Fetch, "forbidden request-header"), so no
//! tokens are needed. Safe methods must change nothing (RFC 9110, section 9.2.1).

use crate::layer::{Given, Inner, Layer};
use crate::origin::Origin;
use crate::problem::{Problem, ProblemKind};
use actix_web::HttpRequest;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::http::uri::Authority;
use actix_web::middleware::{Next, from_fn};
use std::rc::Rc;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const CROSS_SITE: ProblemKind = ProblemKind::new(
    "cross-site",
    StatusCode::FORBIDDEN,
    "The request comes from a page of another site",
);

/// Set among the extensions of the answer to a request that [`csrf`] refused.
#[derive(Debug, Clone, Copy)]
pub struct CrossSite;

/// Refuses unsafe requests that another site's page sent, if they carry what a browser adds of its
/// own accord: `is_ambient` says whether they do, by a session cookie for instance. A key that a
/// client must add itself is safe from this, and a request with such a key alone passes.
pub fn csrf<S, B>(
    trusted: Vec<Origin>,
    is_ambient: impl Fn(&ServiceRequest) -> bool + 'static,
) -> impl Layer<S, EitherBody<B>>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    let rule = Rc::new((trusted, is_ambient));
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let rule = Rc::clone(&rule);
        async move {
            let (trusted, is_ambient) = &*rule;
            let harmless = request.method().is_safe() || !is_ambient(&request);
            if harmless || origin_allowed(request.request(), trusted) {
                return Ok(next.call(request).await?.map_into_left_body());
            }
            let detail = "A page may send this only to the site that it comes from.";
            let mut refusal = Problem::new(CROSS_SITE, detail).response();
            refusal.extensions_mut().insert(CrossSite);
            Ok(request.into_response(refusal).map_into_right_body())
        }
    })
}

/// Whether a request comes from a page of this site or of a trusted origin, or from no page at all.
/// It asks nothing of the method: a WebSocket begins with a `GET`, and any site may send that with
/// this site's cookies.
///
/// `Sec-Fetch-Site` decides, where it is: `same-origin`, or `none` for what the user typed. Else
/// `Origin` does: it must be the host that was asked, and `https` if TLS ends in this process.
/// (Behind a proxy that changes `Host`, put the public origin among the trusted ones.) With neither
/// field it passes: every browser since 2020 sends `Origin` with unsafe requests and with
/// WebSockets, so it is none, and only browsers add credentials that are not the sender's.
/// `Referer` is not looked at: pages can leave it out. Any field that is there and not understood,
/// or twice, refuses.
pub fn origin_allowed(request: &HttpRequest, trusted: &[Origin]) -> bool {
    let given = Given::of(request.headers(), &header::ORIGIN);
    let origin = given.once().and_then(|text| text.parse::<Origin>().ok());
    let is_trusted = || origin.as_ref().is_some_and(|origin| trusted.contains(origin));
    match (Given::of(request.headers(), &SEC_FETCH_SITE), given) {
        (Given::Once("same-origin" | "none"), _) => true,
        (Given::Absent, Given::Absent) => true,
        (Given::Absent, _) => {
            is_trusted() || origin.as_ref().is_some_and(|origin| is_own(request, origin))
        }
        _ => is_trusted(),
    }
}

fn is_own(request: &HttpRequest, origin: &Origin) -> bool {
    // HTTP/2 has the host in the target, HTTP/1.1 in a field (RFC 9110, section 7.2).
    let authority = request.uri().authority().map(Authority::as_str);
    let host = authority.or_else(|| Given::of(request.headers(), &header::HOST).once());
    let secure = origin.is_https() || !request.app_config().secure();
    secure && host.is_some_and(|host| origin.is_at(host))
}
