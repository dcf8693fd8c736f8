//! How long an answer may wait to be taken.

use super::connections::Connection;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Larger chunks are handed over in pieces. Else the client would be credited with taking what it was
/// only offered.
pub(super) const PIECE: usize = 16 << 10;

/// The taking of one answer. The client's time is that between [`Taking::owe`] and
/// [`Taking::settle`]; while the answer itself has nothing to give (an event stream), the time is ours.
#[derive(Debug)]
pub(super) struct Taking<C: Deref<Target = Connection>> {
    connection: C,
    /// To be reset if it is not taken.
    stream: Option<Arc<Notify>>,
    taken: u64,
    waited: Duration,
    owed: Option<Owed>,
}

#[derive(Debug, Clone, Copy)]
struct Owed {
    since: Instant,
    debt: u64,
}

impl<C: Deref<Target = Connection>> Taking<C> {
    pub(super) fn new(connection: C, stream: Option<Arc<Notify>>) -> Self {
        Self { connection, stream, taken: 0, waited: Duration::ZERO, owed: None }
    }

    /// The client has `size` bytes more to take.
    pub(super) fn hand_over(&mut self, size: usize) {
        self.taken += size as u64;
    }

    /// The client is known to have taken `size` bytes more, and so to read.
    pub(super) fn take(&mut self, size: usize) {
        self.hand_over(size);
        self.connection.piece_was_taken();
    }

    /// From now on it is the client who is waited for.
    pub(super) fn owe(&mut self) {
        if self.owed.is_none() {
            let left = self.connection.patience.allowance(self.taken).saturating_sub(self.waited);
            let since = Instant::now();
            let debt = self.connection.owes(since + left, self.stream.clone());
            self.owed = Some(Owed { since, debt });
        }
    }

    /// From now on it is not.
    pub(super) fn settle(&mut self) {
        if let Some(owed) = self.owed.take() {
            self.waited += owed.since.elapsed();
            self.connection.owes_no_more(owed.debt);
        }
    }
}

impl<C: Deref<Target = Connection>> Drop for Taking<C> {
    fn drop(&mut self) {
        self.settle();
    }
}
