//! How many requests are refused in a second: refusing is work, too.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What reading, refusing and answering a request takes of a core is some 20 µs, most of it the
/// kernel's. So many a second take a tenth of a core, and leave nine to what was let in.
const PER_SECOND: u64 = 5_000;
const INTERVAL: u64 = 1_000_000 / PER_SECOND;
/// So many may come at once: those of 100 ms.
const BURST: u64 = 100_000;
/// Nobody waits longer for a refusal, in microseconds: it is what `Retry-After` says.
const LONGEST: u64 = 1_000_000;

/// Turns at being refused, counted as a rate limit is (GCRA). Times are microseconds since any
/// moment.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    next: AtomicU64,
}

impl Refusals {
    /// Takes the next turn, and says in how many microseconds it is. Turns that are too far away are
    /// not taken: then it is at once.
    pub(super) fn turn(&self, now: u64) -> u64 {
        let earliest = |next: u64| next.max(now.saturating_sub(BURST));
        let later = |next| Some(earliest(next) + INTERVAL).filter(|next| *next <= now + LONGEST);
        let taken = self.next.fetch_update(Relaxed, Relaxed, later);
        taken.map_or(0, |next| earliest(next).saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_refused_at_once_and_many_by_and_by() {
        let refusals = Refusals::default();
        let now = 7_000_000;
        let turns: Vec<_> = (0..2_000).map(|_| refusals.turn(now)).collect();
        let (at_once, later) = turns.split_at((BURST / INTERVAL) as usize + 1);
        assert!(at_once.iter().all(|turn| *turn == 0));
        assert!(later.iter().is_sorted() && later.iter().all(|turn| *turn > 0));
        // Two seconds later all of that is past.
        assert_eq!(refusals.turn(now + 2_000_000), 0);
    }

    #[test]
    fn nobody_waits_for_longer_than_they_are_told_to_stay_away() {
        let refusals = Refusals::default();
        let turns: Vec<_> = (0..20_000).map(|_| refusals.turn(0)).collect();
        assert!(turns.iter().all(|turn| *turn <= LONGEST));
        assert_eq!(turns.last(), Some(&0));
    }
}
