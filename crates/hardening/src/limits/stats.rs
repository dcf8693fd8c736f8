//! What a limiter has done so far, for whoever keeps metrics.

use super::policy::RouteClass;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the start, and how Redis is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Each class.
    pub classes: Vec<ClassStats>,
    /// `None` if the limiter was started without Redis.
    pub redis: Option<RedisStats>,
}

/// What became of the requests of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassStats {
    /// The class's name.
    pub class: &'static str,
    /// How many were admitted.
    pub admitted: u64,
    /// How many were refused.
    pub refused: u64,
}

/// How far Redis is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedisStats {
    /// Whether it is asked now: false while the breaker is open.
    pub in_use: bool,
    /// How many requests it failed, by errors or by being slow.
    pub failures: u64,
    /// How many requests the process admitted alone, those that failed included.
    pub went_without: u64,
}

/// Counts of each class.
#[derive(Debug)]
pub(super) struct Counts<C>(Vec<(C, AtomicU64, AtomicU64)>);

impl<C: RouteClass> Counts<C> {
    pub(super) fn new() -> Self {
        Self(C::ALL.iter().map(|class| (*class, AtomicU64::new(0), AtomicU64::new(0))).collect())
    }

    pub(super) fn count(&self, class: C, allowed: bool) {
        if let Some((_, admitted, refused)) = self.0.iter().find(|(known, ..)| *known == class) {
            (if allowed { admitted } else { refused }).fetch_add(1, Relaxed);
        }
    }

    pub(super) fn read(&self) -> Vec<ClassStats> {
        let read = |(class, admitted, refused): &(C, AtomicU64, AtomicU64)| ClassStats {
            class: class.name(),
            admitted: admitted.load(Relaxed),
            refused: refused.load(Relaxed),
        };
        self.0.iter().map(read).collect()
    }
}
