//! An answer's body on HTTP/2, whose taking is timed.

use super::connections::Busy;
use super::taking::{PIECE, Taking};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::Notify;

/// A body that is taken until it is asked for its next chunk, which hyper does when the one before was
/// written.
#[derive(Debug)]
pub(super) struct WatchedBody {
    body: BoxBody,
    /// Of a chunk that is being handed over.
    rest: Bytes,
    taking: Taking<Busy>,
}

impl WatchedBody {
    /// If it is not taken in time, its `stream` is told to end.
    pub(super) fn new(body: BoxBody, busy: Busy, stream: Arc<Notify>) -> Self {
        let mut taking = Taking::new(busy, Some(stream));
        // Nothing is asked for before the client has room for it.
        taking.owe();
        Self { body, rest: Bytes::new(), taking }
    }
}

impl MessageBody for WatchedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.taking.settle();
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => self.rest = chunk,
                end => return Poll::Ready(end),
            }
        }
        let size = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(size);
        self.taking.hand_over(size);
        self.taking.owe();
        Poll::Ready(Some(Ok(piece)))
    }
}
