//! The first level: entries in the process.

use crate::failure::Failure;
use crate::scope::Scope;
use crate::stats::Counts;
use moka::Expiry;
use moka::notification::RemovalCause;
use moka::sync::Cache;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;

/// What an entry takes besides its key and value.
const OVERHEAD: usize = 200;

/// Which entry, and which one of that name: the tick is of the last change of its scopes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) name: Arc<str>,
    pub(crate) tick: u64,
}

/// A value of whichever kind, or that there is none.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) length: usize,
    /// What it depends on, and when that had last changed before it was loaded: with the next change
    /// nobody reads it any more.
    pub(crate) scopes: Arc<[Scope]>,
    pub(crate) tick: u64,
    pub(crate) fresh_until: Instant,
    pub(crate) stale_until: Instant,
    /// Of its kind.
    pub(crate) counts: Arc<Counts>,
}

impl Entry {
    pub(crate) fn value<V: Send + Sync + 'static>(
        &self,
        kind: &'static str,
    ) -> Result<Option<Arc<V>>, Failure> {
        let Some(value) = &self.value else { return Ok(None) };
        Arc::clone(value).downcast().map(Some).map_err(|_| Failure::SameName(kind))
    }
}

pub(crate) struct Entries {
    cache: Cache<Arc<str>, Arc<Entry>>,
    evictions: Arc<AtomicU64>,
}

impl Entries {
    pub(crate) fn new(capacity: u64) -> Self {
        let evictions = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&evictions);
        let cache = Cache::builder()
            .max_capacity(capacity)
            .weigher(|name: &Arc<str>, entry: &Arc<Entry>| {
                let scopes = entry.scopes.iter().map(|it| it.as_str().len()).sum::<usize>();
                u32::try_from(OVERHEAD + name.len() + scopes + entry.length).unwrap_or(u32::MAX)
            })
            .expire_after(WhenStale)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    counted.fetch_add(1, Relaxed);
                }
            })
            .build();
        Self { cache, evictions }
    }

    /// The newest of this name; whether it may still be served is for its reader to say.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Entry>> {
        self.cache.get(name)
    }

    pub(crate) fn at(&self, place: &Place) -> Option<Arc<Entry>> {
        self.get(&place.name).filter(|entry| entry.tick == place.tick)
    }

    /// Keeps an entry, unless there is one from after a later change.
    pub(crate) fn insert(&self, name: &Arc<str>, entry: Arc<Entry>) {
        if self.get(name).is_none_or(|known| known.tick <= entry.tick) {
            self.cache.insert(Arc::clone(name), entry);
        }
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.evictions.load(Relaxed)
    }

    /// How many there are, and how many bytes they take.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.cache.run_pending_tasks();
        (self.cache.entry_count(), self.cache.weighted_size())
    }
}

/// Frees what nobody can read any more. Whether an entry may be served is for its reader to say.
struct WhenStale;

impl Expiry<Arc<str>, Arc<Entry>> for WhenStale {
    fn expire_after_create(
        &self,
        _: &Arc<str>,
        entry: &Arc<Entry>,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(entry.stale_until.saturating_duration_since(Instant::now()))
    }

    fn expire_after_update(
        &self,
        name: &Arc<str>,
        entry: &Arc<Entry>,
        now: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(name, entry, now)
    }
}
