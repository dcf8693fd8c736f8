//! How long model calls took.
//!
//! Counted are model calls that reached a model (status `ok` or `error`) and state a time. What
//! agents and chains state contains their children's time, and a blocked call took none.
//!
//! Percentiles are exact, by nearest rank: the p-th percentile of n sorted values is the one at
//! rank ⌈p/100 · n⌉, the smallest value that at least p % of the values do not exceed. It is always
//! a value that was measured.

use crate::breakdown::{Breakdown, Named, Weight};
use crate::usage::model;
use invocation::{Millis, Record, Status};
use serde::{Deserialize, Serialize};

/// Latency overall and by model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How percentiles are computed: `nearest_rank`.
    pub percentiles: PercentileMethod,
    /// All model calls that reached a model.
    pub total: Timings,
    /// By the model asked for, else the model that answered; models without a time are left out.
    pub by_model: Breakdown<Timings>,
}

/// How percentiles are computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PercentileMethod {
    /// The value at rank ⌈p/100 · n⌉.
    #[default]
    NearestRank,
}

/// The times of a set of calls; null where none states one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// From the request to the end of the answer.
    pub latency_ms: Option<Distribution>,
    /// From the request to the first token of the answer.
    pub time_to_first_token_ms: Option<Distribution>,
}

impl Weight for Timings {
    fn weight(&self) -> u64 {
        self.latency_ms.or(self.time_to_first_token_ms).map_or(0, |times| times.count)
    }
}

/// Percentiles, in milliseconds with up to three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// How many values.
    pub count: u64,
    /// The smallest.
    pub min: Millis,
    /// Half are at most this.
    pub p50: Millis,
    /// 90 % are at most this.
    pub p90: Millis,
    /// 95 % are at most this.
    pub p95: Millis,
    /// 99 % are at most this.
    pub p99: Millis,
    /// The largest.
    pub max: Millis,
}

impl Distribution {
    fn of(sorted: &[Millis]) -> Option<Self> {
        let rank = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.checked_sub(1)?).copied()
        };
        Some(Self {
            count: sorted.len() as u64,
            min: *sorted.first()?,
            p50: rank(50)?,
            p90: rank(90)?,
            p95: rank(95)?,
            p99: rank(99)?,
            max: *sorted.last()?,
        })
    }
}

/// The times of a set of calls, eight bytes each.
#[derive(Default)]
struct Samples {
    latency: Vec<Millis>,
    first_token: Vec<Millis>,
}

impl Samples {
    /// The figures of these calls, whose values go on into those of `all` calls.
    fn finish(mut self, all: &mut Self) -> Option<Timings> {
        self.latency.sort_unstable();
        self.first_token.sort_unstable();
        let timings = self.timings();
        all.latency.append(&mut self.latency);
        all.first_token.append(&mut self.first_token);
        (timings.weight() > 0).then_some(timings)
    }

    fn timings(&self) -> Timings {
        Timings {
            latency_ms: Distribution::of(&self.latency),
            time_to_first_token_ms: Distribution::of(&self.first_token),
        }
    }
}

/// The section while it is counted.
#[derive(Default)]
pub(crate) struct LatencyCounter(Named<Samples>);

impl LatencyCounter {
    pub(crate) fn add(&mut self, record: &Record) {
        if !record.is_model_call() || record.status == Status::Blocked {
            return;
        }
        let samples = self.0.entry(model(record));
        samples.latency.extend(record.latency_ms);
        samples.first_token.extend(record.time_to_first_token_ms);
    }

    pub(crate) fn finish(self) -> Latency {
        let mut all = Samples::default();
        let by_model = self.0.finish(|samples| samples.finish(&mut all));
        // Sorted runs in a row, which a stable sort merges.
        all.latency.sort();
        all.first_token.sort();
        Latency { percentiles: PercentileMethod::NearestRank, total: all.timings(), by_model }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_textbook_example_of_nearest_rank() {
        let values: Vec<Millis> =
            [15, 20, 35, 40, 50].iter().filter_map(|n| Millis::from_micros(n * 1000)).collect();
        let found = Distribution::of(&values).unwrap();
        let micros = [found.p50, found.p90, found.p99, found.min].map(Millis::micros);
        assert_eq!(micros, [35_000, 50_000, 50_000, 15_000]);
        assert_eq!(Distribution::of(&[]), None);
    }
}
