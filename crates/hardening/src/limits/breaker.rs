//! A circuit breaker: after a few failures in a row nobody asks any more, until a probe succeeds.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const FAILURES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A probe that has not come back by then is taken for lost, and another is sent.
const LEASE: Duration = Duration::from_secs(5);

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advice {
    /// Ask.
    Ask,
    /// Do without.
    Skip,
    /// Do without, and send a probe in the background.
    Probe,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { probe_at: Duration, wait: Duration },
}

/// The breaker. Times are since any fixed moment.
#[derive(Debug)]
pub(super) struct Breaker(Mutex<State>);

impl Breaker {
    /// An open one, which wants a probe at once.
    pub(super) fn open() -> Self {
        Self(Mutex::new(State::Open { probe_at: Duration::ZERO, wait: FIRST_WAIT }))
    }

    pub(super) fn advice(&self, now: Duration) -> Advice {
        match &mut *self.state() {
            State::Closed { .. } => Advice::Ask,
            State::Open { probe_at, .. } if now >= *probe_at => {
                *probe_at = now + LEASE;
                Advice::Probe
            }
            State::Open { .. } => Advice::Skip,
        }
    }

    /// Somebody asked and was answered.
    pub(super) fn succeeded(&self) {
        if let State::Closed { failures } = &mut *self.state() {
            *failures = 0;
        }
    }

    /// Somebody asked in vain. Whether that opened the breaker.
    pub(super) fn failed(&self, now: Duration) -> bool {
        let mut state = self.state();
        let State::Closed { failures } = &mut *state else { return false };
        *failures += 1;
        if *failures < FAILURES {
            return false;
        }
        *state = State::Open { probe_at: now + FIRST_WAIT, wait: FIRST_WAIT };
        true
    }

    /// The probe succeeded.
    pub(super) fn close(&self) {
        *self.state() = State::Closed { failures: 0 };
    }

    /// The probe failed: the next one waits twice as long.
    pub(super) fn stay_open(&self, now: Duration) {
        if let State::Open { probe_at, wait } = &mut *self.state() {
            *wait = (*wait * 2).min(LONGEST_WAIT);
            *probe_at = now + *wait;
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(*self.state(), State::Open { .. })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn closed() -> Breaker {
        let breaker = Breaker::open();
        breaker.close();
        breaker
    }

    #[test]
    fn a_few_failures_in_a_row_open_it() {
        let breaker = closed();
        assert!(!breaker.failed(ms(0)) && !breaker.failed(ms(0)));
        breaker.succeeded();
        assert!(!breaker.failed(ms(0)) && !breaker.failed(ms(0)));
        assert_eq!(breaker.advice(ms(0)), Advice::Ask);
        assert!(breaker.failed(ms(0)));
        assert!(!breaker.failed(ms(0)), "it opens once");
        assert_eq!(breaker.advice(ms(0)), Advice::Skip);
    }

    #[test]
    fn one_probe_at_a_time_closes_it() {
        let breaker = closed();
        while !breaker.failed(ms(100)) {}
        assert_eq!(breaker.advice(ms(149)), Advice::Skip);
        assert_eq!(breaker.advice(ms(150)), Advice::Probe);
        assert_eq!(breaker.advice(ms(151)), Advice::Skip);
        breaker.close();
        assert_eq!(breaker.advice(ms(152)), Advice::Ask);
    }

    #[test]
    fn probes_come_ever_later_but_never_stop() {
        let breaker = Breaker::open();
        let mut now = ms(0);
        for wait in [100, 200, 400, 800, 1000, 1000] {
            assert_eq!(breaker.advice(now), Advice::Probe);
            breaker.stay_open(now);
            assert_eq!(breaker.advice(now + ms(wait - 1)), Advice::Skip);
            now += ms(wait);
        }
        assert_eq!(breaker.advice(now), Advice::Probe);
        assert_eq!(breaker.advice(now + LEASE), Advice::Probe, "the first was lost");
    }
}
