//! How long requests took, by the buckets of a histogram.

use prometheus::Histogram;
use prometheus::core::Metric;

/// Requests by the seconds within which they were answered, from the shortest bound to the longest;
/// each bucket has those of all before it too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latencies {
    buckets: Vec<(f64, u64)>,
    count: u64,
}

impl Latencies {
    pub(super) fn of(histogram: &Histogram) -> Self {
        let metric = histogram.metric();
        let histogram = metric.get_histogram();
        let bucket = |it: &prometheus::proto::Bucket| (it.upper_bound(), it.cumulative_count());
        let buckets = histogram.get_bucket().iter().map(bucket).collect();
        Self { buckets, count: histogram.get_sample_count() }
    }

    /// Those since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let olds = before.buckets.iter().map(|(_, old)| *old).chain(std::iter::repeat(0));
        let less = |((bound, count), old): (&(f64, u64), u64)| (*bound, count.saturating_sub(old));
        Self {
            buckets: self.buckets.iter().zip(olds).map(less).collect(),
            count: self.count.saturating_sub(before.count),
        }
    }

    /// Seconds within which this share of the requests was answered, as Prometheus' function
    /// `histogram_quantile` has it: by straight lines between bounds, and the last bound for what is
    /// beyond it. `None` without requests.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = share * self.count as f64;
        let (mut lower, mut below) = (0.0, 0);
        for (bound, count) in &self.buckets {
            if *count > below && *count as f64 >= rank {
                let within = (rank - below as f64) / (count - below) as f64;
                return Some(lower + (bound - lower) * within);
            }
            (lower, below) = (*bound, *count);
        }
        (self.count > 0).then_some(lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_on_the_line_between_bounds() {
        let buckets = vec![(0.1, 50), (0.2, 90), (1.0, 90), (2.0, 99)];
        let all = Latencies { buckets, count: 100 };
        for (share, seconds) in [(0.5, 0.1), (0.7, 0.15), (0.9, 0.2), (0.99, 2.0), (1.0, 2.0)] {
            let found = all.quantile(share).unwrap();
            assert!((found - seconds).abs() < 1e-9, "{share}: {found}");
        }
        assert_eq!(all.since(&all).quantile(0.5), None);
        assert_eq!(all.since(&Latencies::default()), all);
        assert_eq!(Latencies::default().quantile(0.5), None);
    }
}
