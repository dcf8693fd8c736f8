//! The main figures of a process, over the time since they were taken before.

use crate::config::RouteClass;
use crate::state::AppState;
use crate::telemetry::{ClassCounts, Latencies};
use hardening::limits::RouteClass as _;
use serde::Serialize;
use std::collections::BTreeMap;

/// The figures, as they are kept.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    /// Seconds that they are about.
    seconds: f64,
    /// By class of route.
    classes: BTreeMap<&'static str, Class>,
    /// Events stored.
    events: u64,
    /// Invocations that are not added up; null if the database did not say.
    feed_lag: Option<u64>,
    /// Memory that is resident.
    resident_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Class {
    requests: u64,
    errors: u64,
    slow: u64,
    /// Seconds within which this share of the requests was answered; null without requests.
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

/// What counted since the start.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    classes: Vec<(RouteClass, ClassCounts, Latencies)>,
    events: u64,
}

impl Totals {
    pub(super) fn now(state: &AppState) -> Self {
        let classes = &state.metrics.classes;
        let of = |(class, counts)| (class, counts, classes.latencies(class));
        Self { classes: classes.counts().map(of).collect(), events: state.metrics.stored() }
    }

    /// The figures since `before`.
    pub(super) fn since(&self, before: &Self, seconds: f64, feed_lag: Option<u64>) -> Figures {
        let class = |(class, counts, latencies): &(RouteClass, ClassCounts, Latencies)| {
            let same = before.classes.iter().find(|(known, ..)| known == class);
            let (old, old_latencies) =
                same.map(|(_, counts, latencies)| (*counts, latencies.clone())).unwrap_or_default();
            let counts = counts.since(old);
            let latencies = latencies.since(&old_latencies);
            let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| latencies.quantile(share));
            let ClassCounts { requests, errors, slow } = counts;
            (class.name(), Class { requests, errors, slow, p50, p95, p99 })
        };
        Figures {
            seconds,
            classes: self.classes.iter().map(class).collect(),
            events: self.events.saturating_sub(before.events),
            feed_lag,
            resident_bytes: resident_bytes(),
        }
    }
}

/// `VmRSS` of `proc(5)`.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
}
