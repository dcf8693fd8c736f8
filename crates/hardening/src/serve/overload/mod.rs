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
use crate::layer::{Inner, Layer};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, ResponseError};
use client_time::ClientTime;
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::Instant;

/// What [`shed_load`] goes by: kinds of requests, each with a limit of its own, so that a flood of
/// one leaves room for the others, and one kind's latency says nothing of another's (the bulkheads of
/// a ship). Made once, shared by all workers.
#[derive(Debug, Clone)]
pub struct Overload<K> {
    limiters: Arc<[(K, Arc<Limiter>)]>,
    kind_of: fn(&ServiceRequest) -> Option<K>,
    started: Instant,
}

impl<K: Copy + PartialEq> Overload<K> {
    /// With a limit between the bounds for each kind. `kind_of` a probe is `None`: it is never
    /// refused, nor counted; so is a kind without a limit.
    pub fn new(
        bounds: impl IntoIterator<Item = (K, Bounds)>,
        kind_of: fn(&ServiceRequest) -> Option<K>,
    ) -> Self {
        let limiter = |(kind, bounds)| (kind, Arc::new(Limiter::new(bounds)));
        let limiters = bounds.into_iter().map(limiter).collect();
        Self { limiters, kind_of, started: Instant::now() }
    }

    /// The kinds that are limited, with their state: for metrics.
    pub fn limiters(&self) -> &[(K, Arc<Limiter>)] {
        &self.limiters
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    fn limiter_for(&self, request: &ServiceRequest) -> Option<&Arc<Limiter>> {
        let kind = (self.kind_of)(request)?;
        self.limiters.iter().find(|(known, _)| *known == kind).map(|(_, limiter)| limiter)
    }
}

/// Answers 503 with `Retry-After` when more requests are in flight than `overload` allows. Answers of
/// 400 and above teach it nothing: a refused credential is quick whatever the load, and an outage too.
pub fn shed_load<K, S, B>(overload: Overload<K>) -> impl Layer<S, EitherBody<B>>
where
    K: Copy + PartialEq + 'static,
    S: Inner<B>,
    B: MessageBody + 'static,
{
    let overload = Rc::new(overload);
    from_fn(move |request, next| shed(Rc::clone(&overload), request, next))
}

async fn shed<K: Copy + PartialEq, B: MessageBody + 'static>(
    overload: Rc<Overload<K>>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
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
