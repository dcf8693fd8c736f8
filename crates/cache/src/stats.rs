//! What a cache has done, for whoever keeps metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

/// Counts since the start, and how it is now.
#[derive(Debug, Clone)]
pub struct Stats {
    /// Each kind that was read, by name.
    pub kinds: Vec<KindStats>,
    /// How many entries the process keeps.
    pub entries: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// How many entries had to make room for others.
    pub evictions: u64,
    /// How many reads found an entry too old to be believed, since nobody could have told of a change.
    pub forgotten: u64,
    /// Scopes that changed here and that Redis does not know of yet.
    pub unissued: u64,
    /// How Redis is; `None` without it.
    pub redis: Option<redis_link::Stats>,
}

/// What became of the reads of one kind. Their number is the sum of the first five.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindStats {
    /// The kind's name.
    pub kind: &'static str,
    /// Answered by the process's own memory.
    pub local_hits: u64,
    /// Answered by it with what is no longer fresh, while it is refreshed.
    pub stale_hits: u64,
    /// Answered by Redis.
    pub shared_hits: u64,
    /// Answered together with another read that was already on its way.
    pub joined: u64,
    /// Found nowhere.
    pub misses: u64,
    /// Loads that were begun, for misses and refreshes.
    pub loads: u64,
    /// Loads that failed or panicked.
    pub load_errors: u64,
}

/// One kind's counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) local_hits: Count,
    pub(crate) stale_hits: Count,
    pub(crate) shared_hits: Count,
    pub(crate) joined: Count,
    pub(crate) misses: Count,
    pub(crate) loads: Count,
    pub(crate) load_errors: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The counts of all kinds.
#[derive(Debug, Default)]
pub(crate) struct Registry(RwLock<BTreeMap<&'static str, Arc<Counts>>>);

impl Registry {
    pub(crate) fn of(&self, kind: &'static str) -> Arc<Counts> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(kind).cloned();
        known.unwrap_or_else(|| {
            let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(kind).or_default())
        })
    }

    pub(crate) fn read(&self) -> Vec<KindStats> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let read = |(kind, counts): (&&'static str, &Arc<Counts>)| KindStats {
            kind,
            local_hits: counts.local_hits.read(),
            stale_hits: counts.stale_hits.read(),
            shared_hits: counts.shared_hits.read(),
            joined: counts.joined.read(),
            misses: counts.misses.read(),
            loads: counts.loads.read(),
            load_errors: counts.load_errors.read(),
        };
        all.iter().map(read).collect()
    }
}
