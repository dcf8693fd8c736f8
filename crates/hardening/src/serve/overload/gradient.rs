//! How many requests at once are worth having: the pure rule.
//!
//! By Little's law the requests in flight are throughput × latency. Up to what the service can do at
//! once, more of them mean more throughput; beyond, each only waits for another, and latency grows
//! instead. So the limit follows the ratio of the latency without waiting to that of now, as in
//! Netflix's `Gradient2Limit` (<https://github.com/Netflix/concurrency-limits>):
//!
//! ```text
//! gradient = clamp(TOLERANCE × baseline / latency, ½, 1)
//! ```
//!
//! While it is 1 the limit grows by its square root a window, as Envoy's adaptive concurrency filter
//! has it; below, the limit shrinks by what is missing to 1. The baseline is where this differs from
//! both. `Gradient2Limit` takes a long average, which in a long overload learns the overload. Envoy
//! measures now and then with almost nothing let in, which refuses requests of a service in health.
//! Here the baseline falls whenever latency does, and rises only in windows that had no more in
//! flight than the lower bound: there nothing waited, so slowness is the work's own. Should work
//! become slower for good, the limit falls until such windows come, learns, and rises again.

/// How far latency may rise above the baseline before the limit falls.
const TOLERANCE: f64 = 2.0;
/// The weight of one window, in the baseline and in a limit that falls.
const WEIGHT: f64 = 0.3;

/// Between what the limit may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// So many requests are always let in at once; at least 1.
    pub min: usize,
    /// More are never let in at once.
    pub max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { min: 32, max: 1024 }
    }
}

/// What was seen for a while.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// The mean latency of the requests that ended well; above zero, in any unit.
    pub(super) latency: f64,
    /// The most that were in flight at once.
    pub(super) peak: usize,
}

/// The limit and what it rests on.
#[derive(Debug)]
pub(super) struct Gradient {
    bounds: Bounds,
    limit: f64,
    baseline: Option<f64>,
}

impl Gradient {
    /// Starts at twice the lower bound. A service that starts into an overload takes its first
    /// baseline from there.
    pub(super) fn new(bounds: Bounds) -> Self {
        let min = bounds.min.max(1);
        let bounds = Bounds { min, max: bounds.max.max(min) };
        Self { bounds, limit: (2 * min).min(bounds.max) as f64, baseline: None }
    }

    /// How many may be in flight.
    pub(super) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Learns from a window.
    pub(super) fn update(&mut self, window: Window) {
        let baseline = self.learn(window);
        // A limit that nobody came near was not tried.
        if window.peak * 2 < self.limit() {
            return;
        }
        let gradient = (TOLERANCE * baseline / window.latency).clamp(0.5, 1.0);
        let next = if gradient < 1.0 {
            self.limit * (1.0 - WEIGHT * (1.0 - gradient))
        } else {
            self.limit + self.limit.sqrt()
        };
        self.limit = next.clamp(self.bounds.min as f64, self.bounds.max as f64);
    }

    fn learn(&mut self, Window { latency, peak }: Window) -> f64 {
        let known = *self.baseline.get_or_insert(latency);
        let unloaded = peak <= self.bounds.min;
        let baseline =
            if latency < known || unloaded { known + WEIGHT * (latency - known) } else { known };
        self.baseline = Some(baseline);
        baseline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { min: 8, max: 256 };

    fn after(gradient: &mut Gradient, windows: usize, latency: f64, load: usize) -> usize {
        for _ in 0..windows {
            let peak = load.min(gradient.limit());
            gradient.update(Window { latency, peak });
        }
        gradient.limit()
    }

    #[test]
    fn grows_while_latency_stays_and_is_left_alone_when_idle() {
        let mut gradient = Gradient::new(BOUNDS);
        assert_eq!(after(&mut gradient, 100, 5.0, 3), 16);
        assert_eq!(after(&mut gradient, 100, 5.0, 1000), 256);
    }

    #[test]
    fn falls_when_latency_rises_and_learns_when_work_became_slower() {
        let mut gradient = Gradient::new(BOUNDS);
        after(&mut gradient, 100, 5.0, 1000);
        assert!(after(&mut gradient, 20, 50.0, 1000) < 64);
        assert_eq!(after(&mut gradient, 200, 50.0, 1000), 256, "nothing waited at the lower bound");
    }

    #[test]
    fn bounds_that_make_no_sense_are_mended() {
        let mut gradient = Gradient::new(Bounds { min: 0, max: 0 });
        assert_eq!(after(&mut gradient, 10, 5.0, 100), 1);
    }
}
