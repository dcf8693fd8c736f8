//! Metrics and the one log line of each request.

use crate::error::Cause;
use crate::state::AppState;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web;
use std::time::Instant;

/// Middleware: counts and times the request, and logs how it ended; its id is in the span around
/// it. The path's pattern is logged, not the path: ids in it may be somebody's.
pub async fn observe(
    state: web::Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let method = request.method().clone();
    state.metrics.in_flight.inc();
    let outcome = next.call(request).await;
    state.metrics.in_flight.dec();
    let seconds = started.elapsed().as_secs_f64();
    let (status, route, cause) = match &outcome {
        Ok(response) => (
            response.status(),
            response.request().match_pattern(),
            response.response().extensions().get::<Cause>().map(|cause| cause.0.clone()),
        ),
        // After a panic the request is gone, and what it matched with it.
        Err(error) => (error.as_response_error().status_code(), None, Some(error.to_string())),
    };
    let route = route.unwrap_or_else(|| "unmatched".to_owned());
    let status = status.as_u16();
    state.metrics.requests.with_label_values(&[method.as_str(), &route, &status.to_string()]).inc();
    state.metrics.request_seconds.with_label_values(&[&route]).observe(seconds);
    if status >= 500 {
        tracing::error!(%method, route, status, seconds, cause, "request");
    } else {
        tracing::debug!(%method, route, status, seconds, cause, "request");
    }
    outcome
}
