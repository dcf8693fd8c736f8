//! What whoever is refused reads: all that the layers would have written, at less than their cost.

use super::shedding::Refuse;
use crate::cors::{Cors, Permits};
use crate::headers::SecurityHeaders;
use crate::problem::{PROBLEM_JSON, Problem, ProblemKind};
use crate::problems::with_instance;
use crate::request_id::RequestId;
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, RequestHead, Response};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::web::Bytes;

/// The answer of a service in overload: a problem with status 503, `Retry-After` of a second, the
/// request's id (the client's, or of `make`), and the headers of [`security_headers`] and [`cors`]
/// with the same settings.
///
/// [`security_headers`]: crate::security_headers
/// [`cors`]: crate::cors()
pub fn overloaded<M: Fn() -> String + 'static>(
    headers: SecurityHeaders,
    sharing: &Cors,
    make: M,
) -> impl Refuse + use<M> {
    const DETAIL: &str = "There are more requests than can be served now.";
    let kind = ProblemKind::UNAVAILABLE;
    let problem = serde_json::to_vec(&Problem::new(kind, DETAIL)).map(Bytes::from);
    let (problem, permits) = (problem.unwrap_or_default(), Permits::of(sharing));
    move |head: &RequestHead, config: &AppConfig| {
        let id = RequestId::of(head.headers(), &make);
        let body = with_instance(problem.clone(), Some(&id));
        let mut response = Response::with_body(kind.status, BoxBody::new(body));
        let written = response.headers_mut();
        written.insert(CONTENT_TYPE, PROBLEM_JSON);
        written.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        permits.write(head.headers(), written);
        headers.write(written, None, config.secure());
        id.write(written);
        response
    }
}
