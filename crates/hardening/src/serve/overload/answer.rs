//! What whoever is refused reads.

use super::shedding::Refuse;
use crate::problem::{Problem, ProblemKind};
use crate::serve::outside::{Outside, Written};
use actix_web::dev::{AppConfig, RequestHead};
use actix_web::http::header::{HeaderValue, RETRY_AFTER};

/// The answer of a service in overload: a problem with status 503, `Retry-After` of a second, and what
/// every answer has.
pub fn overloaded(outside: Outside) -> impl Refuse {
    const DETAIL: &str = "There are more requests than can be served now.";
    let problem = Written::from(&Problem::new(ProblemKind::UNAVAILABLE, DETAIL));
    move |head: &RequestHead, config: &AppConfig| {
        let mut response = outside.answer(&problem, head.headers(), config.secure());
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        response
    }
}
