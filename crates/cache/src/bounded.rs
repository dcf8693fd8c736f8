//! What the process keeps by name, in memory that does not grow beyond a capacity.

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use tokio::time::Instant;

/// What something of one name takes, besides what it says itself.
const OVERHEAD: usize = 200;

/// Each with its own lock, and its part of the capacity: larger things than that are not kept.
const SHARDS: usize = 16;

/// A guess, by which room is set aside.
const USUAL_BYTES: u64 = 1000;

/// So many are inserted at least before those are looked for that have ended.
const TIDY_AFTER: usize = 1000;

/// What can be kept.
pub(crate) trait Kept: Clone {
    /// About how many bytes it takes, without its name.
    fn bytes(&self) -> usize;

    /// From then on nobody can read it.
    fn ends(&self) -> Instant;
}

pub(crate) struct Bounded<V: Kept> {
    all: Cache<Arc<str>, V, ByBytes, DefaultHashBuilder, Evictions>,
    evictions: Evictions,
    /// So many are to be inserted first.
    before_tidying: AtomicUsize,
}

impl<V: Kept> Bounded<V> {
    /// Nothing yet; the capacity is in bytes.
    pub(crate) fn new(capacity: u64) -> Self {
        let items = usize::try_from(capacity / USUAL_BYTES).unwrap_or(usize::MAX);
        let mut options = OptionsBuilder::new();
        options.shards(SHARDS).estimated_items_capacity(items).weight_capacity(capacity);
        #[expect(clippy::expect_used, reason = "both capacities are set")]
        let options = options.build().expect("options");
        let evictions = Evictions::default();
        let hasher = DefaultHashBuilder::default();
        Self {
            all: Cache::with_options(options, ByBytes, hasher, evictions.clone()),
            evictions,
            before_tidying: AtomicUsize::new(TIDY_AFTER),
        }
    }

    /// What has this name; whether it has ended is for its reader to say.
    pub(crate) fn get(&self, name: &str) -> Option<V> {
        self.all.get(name)
    }

    pub(crate) fn insert(&self, name: &Arc<str>, value: V) {
        self.all.insert(Arc::clone(name), value);
        self.tidy();
    }

    pub(crate) fn remove(&self, name: &str) {
        self.all.remove(name);
    }

    /// Lets go of what has ended, whenever as many were inserted as were left the last time: so each
    /// that is inserted pays for one look, or two.
    fn tidy(&self) {
        if self.before_tidying.fetch_sub(1, Relaxed) != 1 {
            return;
        }
        let now = Instant::now();
        self.all.retain(|_, value| now < value.ends());
        self.before_tidying.store(TIDY_AFTER.max(self.all.len()), Relaxed);
    }

    /// How many had to make room for others.
    pub(crate) fn evictions(&self) -> u64 {
        self.evictions.0.load(Relaxed)
    }

    /// How many there are, and how many bytes they take.
    pub(crate) fn size(&self) -> (u64, u64) {
        (self.all.len() as u64, self.all.weight())
    }
}

#[derive(Clone)]
struct ByBytes;

impl<V: Kept> Weighter<Arc<str>, V> for ByBytes {
    fn weight(&self, name: &Arc<str>, value: &V) -> u64 {
        (OVERHEAD + name.len() + value.bytes()) as u64
    }
}

#[derive(Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl<V> Lifecycle<Arc<str>, V> for Evictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _: Arc<str>, _: V) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::advance;

    #[derive(Clone)]
    struct Until(Instant);

    impl Kept for Until {
        fn bytes(&self) -> usize {
            0
        }

        fn ends(&self) -> Instant {
            self.0
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_ended_goes_as_others_come() {
        let kept = Bounded::new(64 << 20);
        let ends = Instant::now() + Duration::from_secs(1);
        let insert = |range: std::ops::Range<usize>, ends| {
            range.for_each(|id| kept.insert(&id.to_string().into(), Until(ends)));
        };
        insert(0..3000, ends);
        assert_eq!(kept.size().0, 3000);
        advance(Duration::from_secs(2)).await;
        // After 1000, 2000 and 4000.
        insert(3000..4000, Instant::now() + Duration::from_secs(1));
        assert_eq!(kept.size().0, 1000);
        assert_eq!(kept.evictions(), 0);
    }
}
