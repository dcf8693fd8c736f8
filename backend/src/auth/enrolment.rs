//! Where a second factor is demanded of everybody (OWASP ASVS 5.0, 6.3.3): what a user without one
//! reaches, until they have one.

use crate::error::{ApiError, Code};
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;

/// What the audit trail calls it that a user without one wanted: the service, whatever it was.
pub(super) const WANTED: &str = "without_second_factor";

/// Setting a second factor up, seeing one's sessions, and signing in and out.
const OPEN: [(Method, &str); 7] = [
    (Method::GET, "/api/v1/users/me/totp"),
    (Method::POST, "/api/v1/users/me/totp"),
    (Method::POST, "/api/v1/users/me/totp/confirm"),
    (Method::GET, "/api/v1/sessions"),
    (Method::POST, "/api/v1/sessions"),
    (Method::GET, "/api/v1/sessions/current"),
    (Method::DELETE, "/api/v1/sessions/current"),
];

/// Lets a request of such a user pass, if it is on the way to a second factor.
///
/// # Errors
/// 403, which says what to do.
pub(super) fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    let (method, path) = (request.method(), request.path());
    let is_open = OPEN.iter().any(|(open, at)| open == method && *at == path);
    let detail = "Everybody needs a second factor here: begin with POST /api/v1/users/me/totp, and \
                  confirm it with a code.";
    is_open.then_some(()).ok_or_else(|| ApiError::new(Code::SecondFactorNotEnrolled, detail))
}
