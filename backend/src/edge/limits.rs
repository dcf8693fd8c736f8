//! Which rate limit a request counts on.

use crate::config::RouteClass;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;

/// Whether a request asks how the service is: that is never refused.
pub fn is_probe(request: &ServiceRequest) -> bool {
    matches!(request.path(), "/health" | "/ready" | "/metrics")
}

/// The class of a request; probes have none. A path that does not exist is limited as the API is:
/// searching for paths is no better than using them.
pub fn class_of(request: &ServiceRequest) -> Option<RouteClass> {
    match request.path() {
        _ if is_probe(request) => None,
        "/v1/traces" | "/api/public/otel/v1/traces" => Some(RouteClass::Ingest),
        path if path.ends_with("/invocations") && request.method() == Method::POST => {
            Some(RouteClass::Ingest)
        }
        _ => Some(RouteClass::Api),
    }
}
