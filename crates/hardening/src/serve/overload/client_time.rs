//! While a handler waits for its client's body, the request is not in flight: nothing here works on
//! it. Else a thousand slow senders would fill the limit, and the latencies would be theirs.

use super::limiter::Permit;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use std::pin::Pin;
use std::rc::Weak;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// A body that pauses its request's permit, as long as there is one.
pub(super) struct ClientTime {
    pub(super) inner: Payload,
    pub(super) permit: Weak<Permit>,
    pub(super) started: Instant,
}

impl Stream for ClientTime {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.inner).poll_next(cx);
        if let Some(permit) = self.permit.upgrade() {
            let now = self.started.elapsed().as_micros() as u64;
            match polled {
                Poll::Pending => permit.pause(now),
                Poll::Ready(_) => permit.resume(now),
            }
        }
        polled
    }
}

impl Drop for ClientTime {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.upgrade() {
            permit.resume(self.started.elapsed().as_micros() as u64);
        }
    }
}
