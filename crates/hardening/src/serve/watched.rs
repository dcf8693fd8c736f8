//! An answer's body on HTTP/2, whose taking is timed.

use super::connections::Busy;
use super::taking::{PIECE, Taking};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::Notify;

/// A body whose client is waited for from one piece until hyper asks for the next.
///
/// hyper (1.12) asks for a piece before it looks whether the client has room for it, and for the next when
/// there is room for the first byte of that piece and for all that went before. So its asking shows that
/// the piece before the last was taken whole; of the last it may have been one byte.
///
/// An answer's last piece is watched until there is room for its first byte: then h2 has it, the body is
/// not asked again, and the task that could be told to end has ended.
#[derive(Debug)]
pub(super) struct WatchedBody {
    body: BoxBody,
    /// Of a chunk that is being handed over.
    rest: Bytes,
    /// How long the piece is that hyper got last, if it has not asked since.
    offered: usize,
    /// How long the piece before it is, of which one byte was taken for certain.
    begun: usize,
    taking: Taking<Busy>,
}

impl WatchedBody {
    /// If it is not taken in time, its `stream` is told to end.
    pub(super) fn new(body: BoxBody, busy: Busy, stream: Arc<Notify>) -> Self {
        let taking = Taking::new(busy, Some(stream));
        Self { body, rest: Bytes::new(), offered: 0, begun: 0, taking }
    }

    /// hyper asks.
    fn settle(&mut self) {
        self.taking.settle();
        // An empty piece waits for no room, and of a body that had nothing to give it just asks again.
        if self.offered == 0 {
            return;
        }
        let taken = mem::replace(&mut self.begun, mem::take(&mut self.offered));
        if taken > 0 {
            self.taking.take(taken);
        }
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
        self.settle();
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => self.rest = chunk,
                end => return Poll::Ready(end),
            }
        }
        let size = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(size);
        self.offered = size;
        self.taking.owe();
        Poll::Ready(Some(Ok(piece)))
    }
}
