//! The middleware: counts each request, refuses those beyond the quota, tells all how they stand.

use super::identity::Identity;
use super::limiter::Limiter;
use super::policy::RouteClass;
use super::quota::Quota;
use crate::layer::{Inner, Layer};
use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use std::rc::Rc;

/// Whose quota a request counts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<C> {
    /// The class of the route.
    pub class: C,
    /// Who asks.
    pub identity: Identity,
    /// What he in particular may ask, if it is not what the class says.
    pub quota: Option<Quota>,
}

/// Middleware that limits the requests that `subject` finds somebody for. Errors of inner services
/// that travel as `Err` get no fields: wrap this around what turns them into answers.
pub fn rate_limit<C, F, S, B>(limiter: Limiter<C>, subject: F) -> impl Layer<S, EitherBody<B>>
where
    C: RouteClass,
    F: Fn(&ServiceRequest) -> Option<Subject<C>> + 'static,
    S: Inner<B>,
    B: MessageBody + 'static,
{
    let rule = Rc::new((limiter, subject));
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let rule = Rc::clone(&rule);
        async move {
            let (limiter, subject) = &*rule;
            limited(limiter, subject(&request), request, next).await
        }
    })
}

async fn limited<C: RouteClass, B: MessageBody + 'static>(
    limiter: &Limiter<C>,
    subject: Option<Subject<C>>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let ruling = match subject {
        Some(Subject { class, identity, quota }) => limiter.check(class, &identity, quota).await,
        None => None,
    };
    if let Some(refused) = ruling.filter(|ruling| !ruling.allowed()) {
        return Ok(request.into_response(refused.refusal()).map_into_right_body());
    }
    let mut response = next.call(request).await?;
    if let Some(ruling) = ruling {
        ruling.write(response.headers_mut());
    }
    Ok(response.map_into_left_body())
}
