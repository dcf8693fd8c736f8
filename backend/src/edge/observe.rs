//! Metrics and the one log line of each request.

use crate::error::Cause;
use crate::telemetry::Metrics;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use hardening::{Inner, Layer};
use std::rc::Rc;
use std::time::Instant;

/// Middleware: counts and times the request, and logs how it ended; its id is in the span around
/// it. The path's pattern is logged, not the path: ids in it may be somebody's.
pub fn observe<S, B>(metrics: Metrics) -> impl Layer<S, B>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    let metrics = Rc::new(metrics);
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let metrics = Rc::clone(&metrics);
        async move {
            let started = Instant::now();
            let method = request.method().clone();
            metrics.in_flight.inc();
            let outcome = next.call(request).await;
            metrics.in_flight.dec();
            note(&metrics, &method, started.elapsed().as_secs_f64(), &outcome);
            outcome
        }
    })
}

fn note<B>(
    metrics: &Metrics,
    method: &Method,
    seconds: f64,
    outcome: &Result<ServiceResponse<B>, Error>,
) {
    let (status, route, cause) = match outcome {
        Ok(response) => (
            response.status(),
            response.request().match_pattern(),
            response.response().extensions().get::<Cause>().map(|cause| cause.0.clone()),
        ),
        // After a panic the request is gone, and what it matched with it.
        Err(error) => (error.as_response_error().status_code(), None, Some(error.to_string())),
    };
    let route = route.unwrap_or_else(|| "unmatched".to_owned());
    metrics.requests.with_label_values(&[method.as_str(), &route, status.as_str()]).inc();
    let status = status.as_u16();
    metrics.request_seconds.with_label_values(&[&route]).observe(seconds);
    if status >= 500 {
        tracing::error!(%method, route, status, seconds, cause, "request");
    } else {
        tracing::debug!(%method, route, status, seconds, cause, "request");
    }
}
