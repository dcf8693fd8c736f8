//! What the feed tells of itself, in `/metrics`.

use crate::telemetry::Registry;
use bus::{Bus, Stats};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts};

/// Counts that the feed's parts keep themselves. Cheap to clone.
#[derive(Clone)]
pub(super) struct Metrics {
    /// Seconds from commit to stream, at most; one observation a page.
    pub(super) relay_seconds: Histogram,
    /// Invocations added up.
    pub(super) applied: IntCounter,
    /// Entries given up.
    pub(super) parked: IntCounter,
    /// Attempts of the worker that failed.
    pub(super) failures: IntCounter,
    /// Invocations that are not added up yet.
    pub(super) lag: IntGauge,
    /// Dead letters.
    pub(super) dead: IntGauge,
}

impl Metrics {
    /// In a registry, with what the feeds count.
    ///
    /// # Errors
    /// They are there already.
    pub(super) fn register(
        registry: &Registry,
        (rows, stream): (Bus, Option<Bus>),
    ) -> prometheus::Result<Self> {
        registry.register(Box::new(Feeds::new(rows, stream)?))?;
        Ok(Self {
            relay_seconds: registry.add(Histogram::with_opts(
                HistogramOpts::new(
                    "researchflow_insights_relay_seconds",
                    "Time from a commit to its entries in the stream, at most.",
                )
                .buckets(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0]),
            ))?,
            applied: registry.add(IntCounter::new(
                "researchflow_insights_applied_total",
                "Invocations added up in rollups by this process.",
            ))?,
            parked: registry.add(IntCounter::new(
                "researchflow_insights_parked_total",
                "Entries that this process gave up.",
            ))?,
            failures: registry.add(IntCounter::new(
                "researchflow_insights_worker_failures_total",
                "Attempts of this process's worker that failed.",
            ))?,
            lag: registry.add(IntGauge::new(
                "researchflow_insights_lag_events",
                "Invocations that are not in the rollups yet.",
            ))?,
            dead: registry.add(IntGauge::new(
                "researchflow_insights_dead_letters",
                "Entries that were given up and wait for somebody to look at them.",
            ))?,
        })
    }
}

/// What the engine counts, by feed.
struct Feeds {
    feeds: Vec<(&'static str, Bus)>,
    counters: Vec<(IntCounterVec, Count)>,
}

/// One of the engine's counts.
type Count = fn(&Stats) -> u64;

/// Name, help, and the count.
type Row = (&'static str, &'static str, Count);

const COUNTS: [Row; 6] = [
    ("researchflow_insights_published_total", "Entries added to the stream.", |it| it.published),
    ("researchflow_insights_consumed_total", "Entries delivered to this process.", |it| {
        it.consumed
    }),
    (
        "researchflow_insights_reclaimed_total",
        "Entries taken over from consumers that did not acknowledge them.",
        |it| it.reclaimed,
    ),
    ("researchflow_insights_acknowledged_total", "Entries acknowledged.", |it| it.acknowledged),
    ("researchflow_insights_lost_total", "Entries deleted before they were read.", |it| it.lost),
    ("researchflow_insights_errors_total", "Calls to the feed that failed.", |it| it.errors),
];

impl Feeds {
    fn new(rows: Bus, stream: Option<Bus>) -> prometheus::Result<Self> {
        let counter = |(name, help, count): Row| {
            Ok((IntCounterVec::new(Opts::new(name, help), &["feed"])?, count))
        };
        Ok(Self {
            feeds: stream.map(|it| ("redis", it)).into_iter().chain([("database", rows)]).collect(),
            counters: COUNTS.into_iter().map(counter).collect::<prometheus::Result<_>>()?,
        })
    }
}

impl Collector for Feeds {
    fn desc(&self) -> Vec<&Desc> {
        self.counters.iter().flat_map(|(counter, _)| counter.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let stats: Vec<_> = self.feeds.iter().map(|(name, bus)| (*name, bus.stats())).collect();
        let mut families = Vec::new();
        for (counter, count) in &self.counters {
            counter.reset();
            for (name, stats) in &stats {
                counter.with_label_values(&[name]).inc_by(count(stats));
            }
            families.extend(counter.collect());
        }
        families
    }
}
