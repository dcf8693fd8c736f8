//! Metrics, the span for the collector, and the one log line of each request.

use super::class_of;
use crate::config::{RouteClass, SlowRequests};
use crate::error::Cause;
use crate::telemetry::Metrics;
use crate::telemetry::traces::{Answered, Traces};
use actix_web::body::MessageBody;
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage};
use hardening::limits::RouteClass as _;
use hardening::{Inner, Layer, TraceParent};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The status of what a client did not wait for, which no answer has: nginx's.
const GONE: &str = "499";

/// Who is told of requests.
#[derive(Clone)]
pub struct Observer {
    /// What counts them.
    pub metrics: Metrics,
    /// Which of them are slow.
    pub slow: SlowRequests,
    /// What traces them, if there is a collector.
    pub traces: Option<Traces>,
}

/// Middleware: counts and times the request, and logs how it ended; its id is in the span around
/// it. The path's pattern is told, not the path: ids in it may be somebody's.
pub fn observe<S, B>(observer: Observer) -> impl Layer<S, B>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    let observer = Rc::new(observer);
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let observer = Rc::clone(&observer);
        async move {
            let started = Instant::now();
            let (method, class) = (known(request.method()), class_of(request.head()));
            let traced = observer.traces.as_ref().and_then(|traces| {
                let is_tls = request.app_config().secure();
                let parent = request.extensions().get::<TraceParent>().copied();
                let began = traces.begin(parent)?;
                Some((traces, began, if is_tls { "https" } else { "http" }))
            });
            let under_way = UnderWay::begin(&observer.metrics, method);
            let outcome = next.call(request).await;
            under_way.end();
            let answer = Answer::of(method, class, started.elapsed(), &outcome);
            observer.note(&answer);
            if let Some((traces, began, scheme)) = traced {
                traces.end(began, answer.told(scheme));
            }
            outcome
        }
    })
}

impl Observer {
    /// Counts a request that was refused before it came here. Nothing is logged or traced: that
    /// would be most of what refusing costs.
    pub fn refused(&self, head: &RequestHead) {
        let (method, status) = (known(&head.method), StatusCode::SERVICE_UNAVAILABLE);
        self.metrics.requests.with_label_values(&[method, "refused", status.as_str()]).inc();
        if let Some(class) = class_of(head) {
            self.metrics.classes.count(class, Duration::ZERO, true, false);
        }
    }
}

/// A request whose answer is not known yet.
struct UnderWay<'a> {
    metrics: &'a Metrics,
    method: &'static str,
    is_answered: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(metrics: &'a Metrics, method: &'static str) -> Self {
        metrics.in_flight.inc();
        Self { metrics, method, is_answered: false }
    }

    fn end(mut self) {
        self.is_answered = true;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        if !self.is_answered {
            self.metrics.requests.with_label_values(&[self.method, "abandoned", GONE]).inc();
        }
    }
}

/// How a request ended.
struct Answer {
    method: &'static str,
    class: Option<RouteClass>,
    route: Option<String>,
    status: StatusCode,
    cause: Option<String>,
    elapsed: Duration,
}

impl Answer {
    fn of<B>(
        method: &'static str,
        class: Option<RouteClass>,
        elapsed: Duration,
        outcome: &Result<ServiceResponse<B>, Error>,
    ) -> Self {
        let (status, route, cause) = match outcome {
            Ok(response) => (
                response.status(),
                response.request().match_pattern(),
                response.response().extensions().get::<Cause>().map(|cause| cause.0.clone()),
            ),
            // After a panic the request is gone, and what it matched with it.
            Err(error) => (error.as_response_error().status_code(), None, Some(error.to_string())),
        };
        Self { method, class, route, status, cause, elapsed }
    }

    fn told(&self, scheme: &'static str) -> Answered<'_> {
        let (route, status) = (self.route.as_deref(), self.status.as_u16());
        Answered { method: self.method, route, status, scheme, elapsed: self.elapsed }
    }
}

impl Observer {
    fn note(&self, answer: &Answer) {
        let Answer { method, class, status, cause, elapsed, .. } = answer;
        let route = answer.route.as_deref().unwrap_or("unmatched");
        let (metrics, seconds) = (&self.metrics, elapsed.as_secs_f64());
        metrics.requests.with_label_values(&[*method, route, status.as_str()]).inc();
        metrics.request_seconds.with_label_values(&[route]).observe(seconds);
        let is_error = status.is_server_error();
        let status = status.as_u16();
        if let Some(class) = *class {
            let limit = self.slow.limit(class);
            let is_slow = *elapsed > limit;
            metrics.classes.count(class, *elapsed, is_error, is_slow);
            if is_slow {
                let (class, limit) = (class.name(), limit.as_secs_f64());
                tracing::warn!(class, method, route, status, seconds, limit, "a slow request");
            }
        }
        if is_error {
            tracing::error!(method, route, status, seconds, cause, "request");
        } else {
            tracing::debug!(method, route, status, seconds, cause, "request");
        }
    }
}

/// A method that a standard has, as its name. Any other is what a client wrote, and has no place in
/// metrics and traces: `_OTHER`, as OpenTelemetry's conventions call it.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "_OTHER",
    }
}
