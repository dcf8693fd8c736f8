//! How many requests are refused in a second: refusing is work, too.

use crate::serve::unread_body::LONGEST;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What reading a head, refusing and answering takes of a core that does other work in between, in
/// microseconds, more than half of it the kernel's; and how many bytes of a body are received and
/// thrown away in one.
const HEAD: u64 = 30;
const BYTES: u64 = 700;
/// Refusing at once may take a third of each core: so much takes ten times the load of what takes 3 ms
/// and brings 60 KB.
const SHARE: u64 = 3;
/// Of requests that take less than so many microseconds of a core, a third of it would not refuse nine
/// for each that is served. Then refusing is left to a tenth, and most wait: the line is short, since
/// the requests are, and the work is done.
const CHEAP: u64 = 9 * HEAD * SHARE;
const SHARE_BESIDE_CHEAP: u64 = 10;
/// How often it is looked at what requests take, in microseconds.
const WINDOW: u64 = 100_000;
/// So many may come at once: those of 100 ms.
const BURST: u64 = 100_000;
/// Nobody waits longer for a refusal, in microseconds: it is what `Retry-After` says.
const LONGEST_WAIT: u64 = 1_000_000;

/// Turns at being refused, counted as a rate limit is (GCRA). Times are microseconds since any
/// moment.
#[derive(Debug)]
pub(super) struct Refusals {
    next: AtomicU64,
    workers: u64,
    served: AtomicU64,
    window_began: AtomicU64,
    share: AtomicU64,
}

impl Refusals {
    /// For a server of so many workers, each of which has a core.
    pub(super) fn new(workers: usize) -> Self {
        Self {
            next: AtomicU64::new(0),
            workers: workers.max(1) as u64,
            served: AtomicU64::new(0),
            window_began: AtomicU64::new(0),
            share: AtomicU64::new(SHARE),
        }
    }

    /// A request was served.
    pub(super) fn count_served(&self) {
        self.served.fetch_add(1, Relaxed);
    }

    /// Takes the next turn, for a request with so long a body, and says in how many microseconds it
    /// is. Turns that are too far away are not taken: then it is the longest that anybody waits.
    pub(super) fn turn(&self, now: u64, body: u64) -> u64 {
        self.look(now);
        let takes = self.share.load(Relaxed) * (HEAD + body.min(LONGEST) / BYTES);
        // However many the workers are, a turn takes something.
        let takes = (takes / self.workers).max(1);
        let earliest = |next: u64| next.max(now.saturating_sub(BURST));
        let later = |next| Some(earliest(next) + takes).filter(|next| *next <= now + LONGEST_WAIT);
        let taken = self.next.fetch_update(Relaxed, Relaxed, later);
        taken.map_or(LONGEST_WAIT, |next| earliest(next).saturating_sub(now))
    }

    /// At the end of a window: what a request takes of a core that does nothing else.
    fn look(&self, now: u64) {
        let began = self.window_began.load(Relaxed);
        if now < began + WINDOW {
            return;
        }
        if self.window_began.compare_exchange(began, now, Relaxed, Relaxed).is_ok() {
            let each = (now - began) * self.workers / self.served.swap(0, Relaxed).max(1);
            self.share.store(if each < CHEAP { SHARE_BESIDE_CHEAP } else { SHARE }, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_refused_at_once_and_many_by_and_by() {
        let refusals = Refusals::new(1);
        let now = 7_000_000;
        let turns: Vec<_> = (0..2_000).map(|_| refusals.turn(now, 0)).collect();
        let (at_once, later) = turns.split_at((BURST / SHARE / HEAD) as usize + 1);
        assert!(at_once.iter().all(|turn| *turn == 0));
        assert!(later.iter().is_sorted() && later.iter().all(|turn| *turn > 0));
        // Two seconds later all of that is past.
        assert_eq!(refusals.turn(now + 2_000_000, 0), 0);
    }

    #[test]
    fn long_bodies_cost_more() {
        let at_once = |body| {
            let refusals = Refusals::new(1);
            (0..2_000).take_while(|_| refusals.turn(7_000_000, body) == 0).count()
        };
        assert_eq!([0, 60_000, u64::MAX].map(at_once), [1112, 290, 83]);
    }

    #[test]
    fn more_workers_refuse_more() {
        let at_once = |workers| {
            let refusals = Refusals::new(workers);
            (0..3_000).take_while(|_| refusals.turn(7_000_000, 0) == 0).count()
        };
        assert_eq!([0, 1, 2].map(at_once), [1112, 1112, 2223]);
    }

    #[test]
    fn fewer_are_refused_at_once_beside_what_is_cheap() {
        let refusals = Refusals::new(1);
        let at_once = |served: u64, now: u64| {
            (0..served).for_each(|_| refusals.count_served());
            (0..2_000).take_while(|_| refusals.turn(now, 0) == 0).count()
        };
        // In the second before: requests of 2 ms, of 0.1 ms, of 2 ms again.
        let counts = [(500, 1_000_000), (10_000, 3_000_000), (500, 6_000_000)];
        assert_eq!(counts.map(|(served, now)| at_once(served, now)), [1112, 334, 1112]);
    }

    #[test]
    fn nobody_waits_for_longer_than_they_are_told_to_stay_away() {
        let refusals = Refusals::new(1);
        let turns: Vec<_> = (0..20_000).map(|_| refusals.turn(0, 0)).collect();
        assert!(turns.iter().all(|turn| *turn <= LONGEST_WAIT));
        assert_eq!(turns.last(), Some(&LONGEST_WAIT));
    }
}
