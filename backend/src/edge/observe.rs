//! Request id, metrics and the one log line of each request.

use crate::error::Cause;
use crate::state::AppState;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use std::time::Instant;

/// The request's id: the client's if it is sane, else ours.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware: gives the request an id, counts and times it, and logs how it ended. The path's
/// pattern is logged, not the path: ids in it may be somebody's.
pub async fn observe(
    state: web::Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let id = request_id(&state, &request);
    let trace_id = trace_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    state.metrics.in_flight.inc();
    let outcome = next.call(request).await;
    state.metrics.in_flight.dec();
    let mut response = outcome?;
    let seconds = started.elapsed().as_secs_f64();
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status().as_u16();
    state.metrics.requests.with_label_values(&[method.as_str(), &route, &status.to_string()]).inc();
    state.metrics.request_seconds.with_label_values(&[&route]).observe(seconds);
    let cause = response.response().extensions().get::<Cause>().map(|cause| cause.0.clone());
    if status >= 500 {
        tracing::error!(request_id = id, trace_id, %method, route, status, seconds, cause, "request");
    } else {
        tracing::debug!(request_id = id, trace_id, %method, route, status, seconds, cause, "request");
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    Ok(response)
}

fn request_id(state: &AppState, request: &ServiceRequest) -> String {
    let given = request.headers().get(X_REQUEST_ID).and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        (1..=128).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    given.filter(sane).map_or_else(|| state.clock.new_id(), str::to_owned)
}

/// The trace that the caller is in (W3C Trace Context: `00-<trace id>-<span id>-<flags>`).
fn trace_id(request: &ServiceRequest) -> Option<String> {
    let value = request.headers().get("traceparent")?.to_str().ok()?;
    let id = value.split('-').nth(1)?;
    invocation::HexId::<16>::try_from(id.to_owned()).ok().map(String::from)
}
