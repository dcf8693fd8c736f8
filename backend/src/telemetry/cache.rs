//! What the cache tells of itself, in `/metrics`.

use super::Registry;
use cache::{Cache, KindStats, Stats};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};

/// Puts the counts of a cache, and of its way to Redis if it has one, into a registry.
///
/// # Errors
/// They are there already.
pub fn register_cache(registry: &Registry, cache: Cache) -> prometheus::Result<()> {
    let requests = "Cached reads by what answered them: this process (local_hit, or stale_hit while \
                    it is refreshed), Redis (shared_hit), another read on its way (joined), nothing \
                    (miss).";
    let loads = "What was read from the database to be cached, by outcome (ok, failed).";
    let counters = |name, help, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
    registry.register(Box::new(CacheCollector {
        requests: counters("researchflow_cache_requests_total", requests, &["kind", "outcome"])?,
        loads: counters("researchflow_cache_loads_total", loads, &["kind", "outcome"])?,
        entries: IntGauge::new("researchflow_cache_entries", "Entries kept in this process.")?,
        bytes: IntGauge::new(
            "researchflow_cache_bytes",
            "Bytes that the entries kept in this process take, about.",
        )?,
        evictions: IntCounter::new(
            "researchflow_cache_evictions_total",
            "Entries that had to make room for others.",
        )?,
        forgotten: IntCounter::new(
            "researchflow_cache_forgotten_total",
            "Reads that found an entry too old to be believed, since nobody could have told of a change.",
        )?,
        unannounced: IntGauge::new(
            "researchflow_cache_unannounced",
            "Changes made here that other processes could not be told of yet.",
        )?,
        redis_up: IntGauge::new(
            "researchflow_redis_up",
            "Whether Redis is asked now: 0 while the breaker is open; absent without Redis.",
        )?,
        redis_calls: counters(
            "researchflow_redis_failures_total",
            "Calls to Redis without an answer, by reason (failed, or skipped while the breaker is \
             open).",
            &["reason"],
        )?,
        redis_opened: IntCounter::new(
            "researchflow_redis_breaker_opened_total",
            "Times when Redis was given up for a while.",
        )?,
        cache,
    }))
}

struct CacheCollector {
    cache: Cache,
    requests: IntCounterVec,
    loads: IntCounterVec,
    entries: IntGauge,
    bytes: IntGauge,
    evictions: IntCounter,
    forgotten: IntCounter,
    unannounced: IntGauge,
    redis_up: IntGauge,
    redis_calls: IntCounterVec,
    redis_opened: IntCounter,
}

impl CacheCollector {
    fn count(&self, kind: &KindStats) {
        let name = kind.kind;
        for (outcome, count) in [
            ("local_hit", kind.local_hits),
            ("stale_hit", kind.stale_hits),
            ("shared_hit", kind.shared_hits),
            ("joined", kind.joined),
            ("miss", kind.misses),
        ] {
            self.requests.with_label_values(&[name, outcome]).inc_by(count);
        }
        let loaded = kind.loads.saturating_sub(kind.load_errors);
        for (outcome, count) in [("ok", loaded), ("failed", kind.load_errors)] {
            self.loads.with_label_values(&[name, outcome]).inc_by(count);
        }
    }

    fn of_redis(&self, stats: redis_link::Stats) -> Vec<MetricFamily> {
        self.redis_up.set(stats.in_use.into());
        self.redis_calls.reset();
        for (reason, count) in [("failed", stats.failures), ("skipped", stats.skipped)] {
            self.redis_calls.with_label_values(&[reason]).inc_by(count);
        }
        set(&self.redis_opened, stats.opened);
        let all =
            [self.redis_up.collect(), self.redis_calls.collect(), self.redis_opened.collect()];
        all.concat()
    }
}

fn set(counter: &IntCounter, count: u64) {
    counter.reset();
    counter.inc_by(count);
}

fn gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Collector for CacheCollector {
    fn desc(&self) -> Vec<&Desc> {
        let Self { cache: _, requests, loads, entries, bytes, evictions, .. } = self;
        let Self { forgotten, unannounced, redis_up, redis_calls, redis_opened, .. } = self;
        let counters = [requests.desc(), loads.desc(), redis_calls.desc()].concat();
        let simple = [evictions.desc(), forgotten.desc(), redis_opened.desc()].concat();
        let gauges = [entries.desc(), bytes.desc(), unannounced.desc(), redis_up.desc()].concat();
        [counters, simple, gauges].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Stats { kinds, entries, bytes, evictions, forgotten, unissued, redis } =
            self.cache.stats();
        self.requests.reset();
        self.loads.reset();
        kinds.iter().for_each(|kind| self.count(kind));
        self.entries.set(gauge(entries));
        self.bytes.set(gauge(bytes));
        self.unannounced.set(gauge(unissued));
        set(&self.evictions, evictions);
        set(&self.forgotten, forgotten);
        let mut families = [
            self.requests.collect(),
            self.loads.collect(),
            self.entries.collect(),
            self.bytes.collect(),
            self.evictions.collect(),
            self.forgotten.collect(),
            self.unannounced.collect(),
        ]
        .concat();
        families.extend(redis.map(|stats| self.of_redis(stats)).unwrap_or_default());
        families
    }
}
