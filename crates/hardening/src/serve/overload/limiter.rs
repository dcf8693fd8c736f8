//! The limit as all workers share it: atomics on the way of each request, a lock once a window by
//! whoever finds it over.

use super::gradient::{Bounds, Gradient, Window};
use std::cell::Cell;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Windows are at least so long, in microseconds, and have at least so many requests.
const WINDOW: u64 = 100_000;
const REQUESTS: u64 = 10;
/// In microseconds, too.
const RECENT: u64 = 1_000_000;

/// Counts requests in flight, refuses those beyond the limit, and moves the limit by how long the
/// others take.
///
/// Times are microseconds since any moment, so that a simulation can bring its own.
#[derive(Debug)]
pub struct Limiter {
    limit: AtomicUsize,
    in_flight: AtomicUsize,
    waiting: AtomicUsize,
    /// Told when a request ends and somebody waits.
    freed: Notify,
    refused: AtomicU64,
    /// When that was last.
    refused_at: AtomicU64,
    peak: AtomicUsize,
    count: AtomicU64,
    sum: AtomicU64,
    window_ends: AtomicU64,
    gradient: Mutex<Gradient>,
}

impl Limiter {
    /// One for all workers of a server.
    pub fn new(bounds: Bounds) -> Self {
        let gradient = Gradient::new(bounds);
        Self {
            limit: gradient.limit().into(),
            in_flight: 0.into(),
            waiting: 0.into(),
            freed: Notify::new(),
            refused: 0.into(),
            refused_at: 0.into(),
            peak: 0.into(),
            count: 0.into(),
            sum: 0.into(),
            window_ends: WINDOW.into(),
            gradient: Mutex::new(gradient),
        }
    }

    /// How many requests may be in flight now.
    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// How many are.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// How many wait, for room or for their turn at being refused.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// How many were refused since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Counts a request that is refused.
    pub(super) fn refuse(&self, now: u64) {
        self.refused.fetch_add(1, Relaxed);
        self.refused_at.store(now, Relaxed);
    }

    /// Whether any was within the last second, which is when they are told to come back.
    pub(super) fn is_refusing(&self, now: u64) -> bool {
        self.refused() > 0 && now < self.refused_at.load(Relaxed) + RECENT
    }

    /// Lets a request in, unless there are too many.
    pub(super) fn admit(self: &Arc<Self>, now: u64) -> Option<Permit> {
        let others = self.in_flight.fetch_add(1, SeqCst);
        if others >= self.limit() {
            self.in_flight.fetch_sub(1, SeqCst);
            return None;
        }
        self.peak.fetch_max(others + 1, Relaxed);
        let limiter = Arc::clone(self);
        Some(Permit { limiter, since: now, paused_since: Cell::new(None), waited: Cell::new(0) })
    }

    /// Lets a request in as soon as there is room.
    pub(super) async fn room(self: &Arc<Self>, now: impl Fn() -> u64) -> Permit {
        let _waiting = Waiting::of(self);
        loop {
            let mut freed = pin!(self.freed.notified());
            // Whoever ends from here on wakes this one.
            freed.as_mut().enable();
            if let Some(permit) = self.admit(now()) {
                return permit;
            }
            freed.await;
        }
    }

    fn leave(&self) {
        self.in_flight.fetch_sub(1, SeqCst);
        if self.waiting.load(SeqCst) > 0 {
            self.freed.notify_one();
        }
    }

    fn learn(&self, latency: u64, now: u64) {
        self.sum.fetch_add(latency.max(1), Relaxed);
        let count = self.count.fetch_add(1, Relaxed) + 1;
        if count >= REQUESTS && now >= self.window_ends.load(Relaxed) {
            self.close_window(now);
        }
    }

    /// Requests that end meanwhile count here or there; a window is a sample anyway.
    fn close_window(&self, now: u64) {
        // Whoever does not get the lock leaves the work to who has it.
        let Ok(mut gradient) = self.gradient.try_lock() else { return };
        if now < self.window_ends.load(Relaxed) {
            return;
        }
        self.window_ends.store(now + WINDOW, Relaxed);
        let (sum, count) = (self.sum.swap(0, Relaxed), self.count.swap(0, Relaxed));
        let peak = self.peak.swap(self.in_flight(), Relaxed);
        gradient.update(Window { latency: sum as f64 / count.max(1) as f64, peak });
        self.limit.store(gradient.limit(), Relaxed);
    }
}

/// A request in flight. Dropped without [`Self::finish`] it teaches nothing: the client went away,
/// or the answer says nothing of what work costs.
#[derive(Debug)]
pub(super) struct Permit {
    limiter: Arc<Limiter>,
    since: u64,
    paused_since: Cell<Option<u64>>,
    waited: Cell<u64>,
}

impl Permit {
    /// From now on the request waits for its client, and is not in flight.
    pub(super) fn pause(&self, now: u64) {
        if self.paused_since.get().is_none() {
            self.paused_since.set(Some(now));
            self.limiter.leave();
        }
    }

    /// It is in flight again, whatever the limit: it was let in before.
    pub(super) fn resume(&self, now: u64) {
        if let Some(since) = self.paused_since.take() {
            self.waited.set(self.waited.get() + now.saturating_sub(since));
            let others = self.limiter.in_flight.fetch_add(1, SeqCst);
            self.limiter.peak.fetch_max(others + 1, Relaxed);
        }
    }

    /// The request was served.
    pub(super) fn finish(&self, now: u64) {
        self.resume(now);
        self.limiter.learn(now.saturating_sub(self.since + self.waited.get()), now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.paused_since.get().is_none() {
            self.limiter.leave();
        }
    }
}

/// Somebody who waits; dropped when they are let in, refused, or gone.
struct Waiting<'a>(&'a Limiter);

impl<'a> Waiting<'a> {
    fn of(limiter: &'a Limiter) -> Self {
        limiter.waiting.fetch_add(1, SeqCst);
        Self(limiter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, SeqCst);
    }
}
