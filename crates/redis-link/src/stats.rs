//! How the link fares, for whoever keeps metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the start, and how Redis is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Whether Redis is asked now: false while the breaker is open.
    pub in_use: bool,
    /// Calls that it failed, by errors or by being slow.
    pub failures: u64,
    /// Calls that were not made because the breaker was open.
    pub skipped: u64,
    /// How often the breaker opened.
    pub opened: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    failures: AtomicU64,
    skipped: AtomicU64,
    opened: AtomicU64,
}

impl Counts {
    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn skipped(&self) {
        self.skipped.fetch_add(1, Relaxed);
    }

    pub(crate) fn opened(&self) {
        self.opened.fetch_add(1, Relaxed);
    }

    pub(crate) fn read(&self, in_use: bool) -> Stats {
        Stats {
            in_use,
            failures: self.failures.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            opened: self.opened.load(Relaxed),
        }
    }
}
