//! What loads last brought, for when they fail.

use crate::entry::Entry;
use moka::Expiry;
use moka::sync::Cache;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What an entry takes besides its name and value.
const OVERHEAD: usize = 200;

/// By name.
pub(crate) struct Last(Cache<Arc<str>, Known>);

#[derive(Clone)]
struct Known {
    value: Arc<dyn Any + Send + Sync>,
    length: usize,
    /// The last change of its scopes that was known when its load began.
    changed: u64,
    until: Instant,
}

impl Last {
    pub(crate) fn new(capacity: u64) -> Self {
        let weigh = |name: &Arc<str>, known: &Known| {
            u32::try_from(OVERHEAD + name.len() + known.length).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().max_capacity(capacity).weigher(weigh);
        Self(cache.expire_after(WhenOver).build())
    }

    /// Keeps what was loaded, or that there is nothing.
    pub(crate) fn keep(&self, name: &Arc<str>, entry: &Entry, changed: u64, window: Duration) {
        let Some(value) = &entry.value else { return self.0.invalidate(name) };
        let (value, length) = (Arc::clone(value), entry.length);
        let known = Known { value, length, changed, until: Instant::now() + window };
        self.0.insert(Arc::clone(name), known);
    }

    /// What is known, unless its scopes have changed since.
    pub(crate) fn get(&self, name: &str, changed: u64) -> Option<Arc<dyn Any + Send + Sync>> {
        let known = self.0.get(name)?;
        (known.changed == changed && Instant::now() < known.until).then_some(known.value)
    }
}

/// Frees what is too old.
struct WhenOver;

impl Expiry<Arc<str>, Known> for WhenOver {
    fn expire_after_create(
        &self,
        _: &Arc<str>,
        known: &Known,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(known.until.saturating_duration_since(Instant::now()))
    }

    fn expire_after_update(
        &self,
        name: &Arc<str>,
        known: &Known,
        now: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(name, known, now)
    }
}
