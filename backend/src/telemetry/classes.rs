//! Requests by the class of their route: how many, how many failed, how many were slow.

use super::Registry;
use super::latencies::Latencies;
use crate::config::RouteClass;
use hardening::limits::RouteClass as _;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts};
use std::time::Duration;

/// The counters of each class, found without looking names up. Cheap to clone.
#[derive(Clone)]
pub struct Classes(Vec<(RouteClass, Counters)>);

#[derive(Clone)]
struct Counters {
    seconds: Histogram,
    errors: IntCounter,
    slow: IntCounter,
}

/// What the requests of a class came to since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// All.
    pub requests: u64,
    /// Those with an answer of 500 or above.
    pub errors: u64,
    /// Those beyond their class's limit.
    pub slow: u64,
}

impl ClassCounts {
    /// What came since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            errors: self.errors.saturating_sub(before.errors),
            slow: self.slow.saturating_sub(before.slow),
        }
    }
}

/// Bounds of the buckets: as fine as alerts and percentiles need them, up to what a model may take.
const SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

impl Classes {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let family =
            |name, help| registry.add(IntCounterVec::new(Opts::new(name, help), &["class"]));
        let seconds = HistogramOpts::new(
            "researchflow_class_request_seconds",
            "Time to answer a request, by class of route.",
        );
        let seconds =
            registry.add(HistogramVec::new(seconds.buckets(SECONDS.to_vec()), &["class"]))?;
        let errors = family(
            "researchflow_class_errors_total",
            "Requests with an answer of 500 or above, by class of route.",
        )?;
        let slow = family(
            "researchflow_slow_requests_total",
            "Requests that took longer than RESEARCHFLOW_SLOW_REQUESTS allows their class.",
        )?;
        let of = |class: &RouteClass| {
            let [errors, slow] = [&errors, &slow].map(|it| it.with_label_values(&[class.name()]));
            let seconds = seconds.with_label_values(&[class.name()]);
            (*class, Counters { seconds, errors, slow })
        };
        Ok(Self(CLASSES.iter().map(of).collect()))
    }

    /// Notes a request that was answered.
    pub fn count(&self, class: RouteClass, elapsed: Duration, is_error: bool, is_slow: bool) {
        let Some(counters) = self.of(class) else { return };
        counters.seconds.observe(elapsed.as_secs_f64());
        counters.errors.inc_by(is_error.into());
        counters.slow.inc_by(is_slow.into());
    }

    /// How long the requests of a class took so far.
    pub fn latencies(&self, class: RouteClass) -> Latencies {
        self.of(class).map(|counters| Latencies::of(&counters.seconds)).unwrap_or_default()
    }

    fn of(&self, class: RouteClass) -> Option<&Counters> {
        self.0.iter().find(|(known, _)| *known == class).map(|(_, counters)| counters)
    }

    /// What there is so far, by class.
    pub fn counts(&self) -> impl Iterator<Item = (RouteClass, ClassCounts)> + '_ {
        self.0.iter().map(|(class, counters)| {
            let requests = counters.seconds.get_sample_count();
            let (errors, slow) = (counters.errors.get(), counters.slow.get());
            (*class, ClassCounts { requests, errors, slow })
        })
    }
}

/// The classes that a path can have: who is calling, and how they sign in, is not known by then.
const CLASSES: [RouteClass; 3] = [RouteClass::Api, RouteClass::Ingest, RouteClass::Gateway];
