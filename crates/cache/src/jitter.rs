//! Chance, for times that should not end together.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): one seed,
/// one sequence.
#[derive(Debug)]
pub(crate) struct Jitter(AtomicU64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The time, less up to so many percent.
    pub(crate) fn shorten(&self, time: Duration, percent: u32) -> Duration {
        let most = time * percent.min(100) / 100;
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        time - Duration::from_micros(self.next() % micros.saturating_add(1).max(1))
    }

    fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(GOLDEN, Relaxed).wrapping_add(GOLDEN);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shortened_within_bounds_and_repeatably() {
        let draw = |seed| {
            let jitter = Jitter::new(seed);
            (0..100).map(|_| jitter.shorten(Duration::from_secs(100), 10)).collect::<Vec<_>>()
        };
        let times = draw(7);
        assert!(times.iter().all(|it| (90..=100).contains(&it.as_secs())));
        assert!(
            times.iter().any(|it| it.as_secs() < 92) && times.iter().any(|it| it.as_secs() > 97)
        );
        assert_eq!(times, draw(7));
        assert_ne!(times, draw(8));
        assert_eq!(Jitter::new(1).shorten(Duration::from_secs(5), 0), Duration::from_secs(5));
        assert_eq!(Jitter::new(1).shorten(Duration::ZERO, 10), Duration::ZERO);
    }
}
