//! A panic ends one request, not the worker and not the connection.

use crate::problem::{Problem, ProblemKind};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use futures_util::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;

/// Middleware for [`from_fn`](actix_web::middleware::from_fn): a panic in what is inside becomes a
/// 500. Its message goes to the log and nowhere else: it may quote what the handler had in hand.
///
/// The request is gone with the panic, so what leaves here is an error, of which Actix makes an
/// answer outside of all layers. Layers outside of this one see `Err` and must cope with it, as
/// those of this crate do. A body that panics while it is streamed is beyond this layer, for its
/// status has been sent: Actix ends that one connection.
///
/// # Errors
/// A [`Problem`] after a panic; else those of the inner layers.
pub async fn panics<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // Nothing that was borrowed across the panic is looked at again: the request went with it.
    let answer = AssertUnwindSafe(async { next.call(request).await }).catch_unwind().await;
    answer.unwrap_or_else(|panic| {
        tracing::error!(panic = message(&*panic), "a handler panicked");
        let detail = "The fault is ours, and noted under the request id.";
        Err(Problem::new(ProblemKind::INTERNAL, detail).into())
    })
}

/// `panic!` brings a text of one of two types; `panic_any` may bring anything.
fn message(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref().map(String::as_str)).unwrap_or("not a text")
}
