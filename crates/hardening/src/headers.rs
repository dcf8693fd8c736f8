//! Security headers on every answer (OWASP HTTP Headers Cheat Sheet; ASVS 5.0, V3.4).

use crate::csp::{NOTHING, Nonce, PagePolicy};
use crate::layer::{Inner, Layer, finish_headers};
use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use std::rc::Rc;

/// When browsers are told to come by TLS alone (RFC 6797), for two years, subdomains included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hsts {
    /// When the request came over TLS that ends in this process.
    OverTls,
    /// Always: a proxy in front ends TLS. Browsers ignore it on a plain connection (section 8.1).
    Always,
    /// Never: for development, where `localhost` serves more than this.
    Never,
}

/// What [`security_headers`] must be told.
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    /// The Content Security Policy of HTML pages.
    pub page: PagePolicy,
    /// When to send `Strict-Transport-Security`.
    pub hsts: Hsts,
}

/// Headers that are the same on every answer, whatever a handler wrote there.
const FIXED: [(HeaderName, HeaderValue); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // The old filter of some browsers does harm, and `0` turns it off.
    (header::X_XSS_PROTECTION, HeaderValue::from_static("0")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (header::CROSS_ORIGIN_EMBEDDER_POLICY, HeaderValue::from_static("require-corp")),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (
        header::PERMISSIONS_POLICY,
        HeaderValue::from_static(
            "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), \
             display-capture=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), \
             local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), \
             screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
        ),
    ),
];

const TWO_YEARS: HeaderValue =
    HeaderValue::from_static("max-age=63072000; includeSubDomains; preload");

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

const REPORTING_ENDPOINTS: HeaderName = HeaderName::from_static("reporting-endpoints");

/// Writes the security headers. An HTML answer is a page and gets the page's policy with its
/// [`Nonce`]; any other gets one that allows nothing. It is the answer's content type that decides
/// and not the path, so that no table of paths can be out of date.
///
/// `Cache-Control` is `no-store`, and both it and `Content-Security-Policy` stay as they are if the
/// handler wrote its own. There is no `Server`.
pub fn security_headers<S, B>(settings: SecurityHeaders) -> impl Layer<S, B>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    let settings = Rc::new(settings);
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let settings = Rc::clone(&settings);
        let over_tls = request.app_config().secure();
        async move {
            let outcome = next.call(request).await;
            let nonce = outcome.as_ref().ok().and_then(|response| nonce_of(response.request()));
            finish_headers(outcome, move |headers| {
                settings.write(headers, nonce.as_ref(), over_tls);
            })
        }
    })
}

fn nonce_of(request: &impl HttpMessage) -> Option<Nonce> {
    request.extensions().get::<Nonce>().cloned()
}

impl SecurityHeaders {
    pub(crate) fn write(&self, headers: &mut HeaderMap, nonce: Option<&Nonce>, over_tls: bool) {
        headers.reserve(FIXED.len() + 4);
        for (name, value) in FIXED {
            headers.insert(name, value);
        }
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, NO_STORE);
        }
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            write_policy(headers, &self.page, nonce);
        }
        if self.hsts == Hsts::Always || (self.hsts == Hsts::OverTls && over_tls) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, TWO_YEARS);
        }
        headers.remove(header::SERVER);
    }
}

fn write_policy(headers: &mut HeaderMap, page: &PagePolicy, nonce: Option<&Nonce>) {
    if !is_page(headers) {
        headers.insert(header::CONTENT_SECURITY_POLICY, NOTHING);
        return;
    }
    // A page that asked for no nonce has no script; the fresh one keeps it so.
    let value = match nonce {
        Some(nonce) => page.value(nonce),
        None => page.value(&Nonce::fresh()),
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, value);
    if let Some(endpoints) = page.reporting_endpoints() {
        headers.insert(REPORTING_ENDPOINTS, endpoints.clone());
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    const PAGES: [&[u8]; 2] = [b"text/html", b"application/xhtml+xml"];
    let kind = headers.get(header::CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    let kind = kind.split(|it| *it == b';').next().unwrap_or_default().trim_ascii();
    PAGES.iter().any(|page| kind.eq_ignore_ascii_case(page))
}
