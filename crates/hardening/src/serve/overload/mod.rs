//! Load shedding: beyond an adaptive limit of requests in flight, a request is refused at once.
//!
//! **Where requests wait.** An Actix worker is one thread. A connection's bytes wait in the kernel
//! until the worker comes round to it; only when the head is read does a request reach this
//! middleware, and there its clock starts. When the bytes arrived cannot be known through Actix (the
//! kernel would tell by `SO_TIMESTAMPING`, to whoever reads the socket by `recvmsg`). So this limit
//! sees what waits behind the handler: database permits, blocking threads, other services, and the
//! worker itself each time that a handler waits and must be polled again. It does not see what waits
//! before the worker. That queue is short as long as two rules hold: no handler keeps its worker
//! for longer than some 100 µs, and a refusal costs a few µs, which is why it is a constant and why
//! this middleware stands before everything that costs. What no middleware can do is to answer
//! faster than the kernel is read: against more connections than that, there is
//! `Listen::max_connections`.
//!
//! Nor is the client's own slowness counted: while a handler waits for the request's body its permit
//! is paused. And an answer's body is not waited for: a permit ends when the handler has its answer's head, so that
//! event streams hold none.

mod client_time;
mod gradient;
mod limiter;
#[cfg(test)]
mod simulation;

pub use gradient::Bounds;
pub use limiter::Limiter;

use super::problem::Refusal;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};
use client_time::ClientTime;
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::Instant;

/// What [`shed_load`] goes by. Made once, cloned into each worker's app data.
#[derive(Debug, Clone)]
pub struct Overload {
    /// The shared state, also for metrics; `None` lets everything in.
    pub limiter: Option<Arc<Limiter>>,
    /// The requests that are never refused, nor counted: probes.
    pub exempt: fn(&ServiceRequest) -> bool,
    started: Instant,
}

impl Overload {
    /// With a limit between `bounds`, or with none at all.
    pub fn new(bounds: Option<Bounds>, exempt: fn(&ServiceRequest) -> bool) -> Self {
        let limiter = bounds.map(|bounds| Arc::new(Limiter::new(bounds)));
        Self { limiter, exempt, started: Instant::now() }
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    fn limiter_for(&self, request: &ServiceRequest) -> Option<&Arc<Limiter>> {
        self.limiter.as_ref().filter(|_| !(self.exempt)(request))
    }
}

/// Middleware: answers 503 with `Retry-After` when more requests are in flight than [`Overload`] in
/// the app's data allows. Answers of 400 and above teach it nothing: a refused credential is quick
/// whatever the load, and an outage too.
///
/// # Errors
/// What the inner service returns.
pub async fn shed_load<B: MessageBody + 'static>(
    overload: web::Data<Overload>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let Some(limiter) = overload.limiter_for(&request) else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    let Some(permit) = limiter.admit(overload.now()) else {
        let refusal = Refusal::Overload.error_response();
        return Ok(request.into_response(refusal).map_into_right_body());
    };
    let permit = Rc::new(permit);
    let inner = request.take_payload();
    if !matches!(inner, Payload::None) {
        let (permit, started) = (Rc::downgrade(&permit), overload.started);
        let payload = Box::pin(ClientTime { inner, permit, started });
        request.set_payload(Payload::Stream { payload });
    }
    let response = next.call(request).await?;
    if response.status().as_u16() < 400 {
        permit.finish(overload.now());
    }
    Ok(response.map_into_left_body())
}
