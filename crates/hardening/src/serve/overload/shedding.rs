//! The limit in front of an app: whoever is refused costs the app nothing, and passes no layer.

use super::Overload;
use super::client_time::ClientTime;
use super::limiter::Permit;
use crate::serve::finish::finish;
use crate::serve::unread_body::content_length;
use actix_http::{BoxedPayloadStream, Request};
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{AppConfig, Payload, RequestHead, Response, ServiceResponse};
use futures_util::future::LocalBoxFuture;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// Puts the limit of `overload` in front of `app`: when more requests are in flight than it allows,
/// `refuse` answers, at once as long as few are refused; [`overloaded`](super::overloaded) does, for
/// example. The app's layers see nothing of it. Answers of 400 and above teach the limit nothing: a
/// refused credential is quick whatever the load, and an outage too.
///
/// Of who is let in, only what reads (RFC 9110, section 9.2.1) ends when its client goes away.
pub fn shed_load<A, F, K>(overload: Overload<K>, refuse: impl Refuse, app: A) -> Shedding<F, K>
where
    A: IntoServiceFactory<F, Request>,
    F: ServiceFactory<Request>,
{
    Shedding { app: app.into_factory(), rule: Rc::new(Rule { overload, refuse: Box::new(refuse) }) }
}

/// Writes the answer to whoever is refused, on a server that is set up like this.
pub trait Refuse: Fn(&RequestHead, &AppConfig) -> Response<BoxBody> + 'static {}

impl<F: Fn(&RequestHead, &AppConfig) -> Response<BoxBody> + 'static> Refuse for F {}

/// What [`shed_load`] makes of an app: another, for [`Listen::serve`](crate::serve::Listen::serve).
pub struct Shedding<F, K> {
    app: F,
    rule: Rc<Rule<K>>,
}

struct Rule<K> {
    overload: Overload<K>,
    refuse: Box<dyn Refuse>,
}

impl<F, K, B> ServiceFactory<Request> for Shedding<F, K>
where
    F: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>>,
    F::Service: 'static,
    F::Future: 'static,
    K: Copy + PartialEq + 'static,
    B: 'static,
{
    type Response = Response<EitherBody<B>>;
    type Error = F::Error;
    type Config = AppConfig;
    type Service = Limited<F::Service, K>;
    type InitError = F::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, Self::InitError>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let (app, rule) = (self.app.new_service(config.clone()), Rc::clone(&self.rule));
        Box::pin(async move { Ok(Limited(Rc::new(Worker { app: app.await?, rule, config }))) })
    }
}

/// A worker's app behind the limit.
pub struct Limited<S, K>(Rc<Worker<S, K>>);

struct Worker<S, K> {
    app: S,
    rule: Rc<Rule<K>>,
    config: AppConfig,
}

impl<S, K, B> Service<Request> for Limited<S, K>
where
    S: Service<Request, Response = ServiceResponse<B>> + 'static,
    K: Copy + PartialEq + 'static,
    B: 'static,
{
    type Response = Response<EitherBody<B>>;
    type Error = S::Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.app.poll_ready(cx)
    }

    fn call(&self, request: Request) -> Self::Future {
        let worker = Rc::clone(&self.0);
        Box::pin(worker.answer(request))
    }
}

impl<S, K, B> Worker<S, K>
where
    S: Service<Request, Response = ServiceResponse<B>> + 'static,
    K: Copy + PartialEq + 'static,
    B: 'static,
{
    async fn answer(self: Rc<Self>, request: Request) -> Result<Response<EitherBody<B>>, S::Error> {
        let overload = &self.rule.overload;
        let Some(limiter) = overload.limiter_for(request.head()) else {
            return Ok(answered(self.app.call(request).await?));
        };
        let body = content_length(request.head().headers()).unwrap_or(0);
        let Some(permit) = overload.admit(limiter, body).await else {
            let refusal = (self.rule.refuse)(request.head(), &self.config);
            return Ok(refusal.map_body(|_, body| EitherBody::right(body)));
        };
        // Not before it is let in: so many may be left behind, and no more.
        let only_reads = request.method().is_safe();
        let served = Rc::clone(&self).serve(request, permit);
        if only_reads { served.await } else { finish(served).await }
    }

    async fn serve(
        self: Rc<Self>,
        request: Request,
        permit: Permit,
    ) -> Result<Response<EitherBody<B>>, S::Error> {
        let overload = &self.rule.overload;
        let permit = Rc::new(permit);
        let request = timed(request, &permit, overload.started);
        let response = answered(self.app.call(request).await?);
        overload.refusals.count_served();
        if response.status().as_u16() < 400 {
            permit.finish(overload.now());
        }
        Ok(response)
    }
}

fn answered<B>(response: ServiceResponse<B>) -> Response<EitherBody<B>> {
    Response::from(response).map_body(|_, body| EitherBody::left(body))
}

/// While its body is waited for the request is not in flight.
fn timed(request: Request, permit: &Rc<Permit>, started: Instant) -> Request {
    let (request, inner) = request.replace_payload(Payload::None);
    if matches!(inner, Payload::None) {
        return request;
    }
    let payload: BoxedPayloadStream =
        Box::pin(ClientTime { inner, permit: Rc::downgrade(permit), started });
    request.replace_payload(Payload::Stream { payload }).0
}
