//! What the layers of `hardening` are told about headers.

use crate::config::Edge;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use hardening::{Cors, Hsts, PagePolicy, SecurityHeaders};
use std::time::Duration;

/// Where browsers report what a page's policy kept them from.
pub const CSP_REPORTS: &str = "/csp-reports";

/// The headers of every answer.
pub fn headers(settings: &Edge) -> SecurityHeaders {
    #[expect(clippy::expect_used, reason = "the texts are constants, and every start tries them")]
    let page = PagePolicy::new(&[], Some(CSP_REPORTS)).expect("a policy");
    let hsts = if settings.tls_terminated { Hsts::Always } else { Hsts::OverTls };
    SecurityHeaders { page, hsts }
}

/// Which other origins may read. They come with a key or a token of their own, never with the
/// console's cookie.
pub fn cors_settings(settings: &Edge) -> Cors {
    const OURS: [&str; 3] = ["x-request-id", "ratelimit", "ratelimit-policy"];
    Cors {
        origins: settings.cors_origins.clone(),
        methods: vec![Method::PUT, Method::PATCH, Method::DELETE],
        headers: vec![
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-api-key"),
            HeaderName::from_static("x-request-id"),
        ],
        exposed: OURS
            .map(HeaderName::from_static)
            .into_iter()
            .chain([header::RETRY_AFTER])
            .collect(),
        max_age: Duration::from_secs(7200),
        credentials: false,
    }
}
