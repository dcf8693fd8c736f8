//! A circuit breaker: after a few failures in a row nobody asks any more, until a probe succeeds.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const FAILURES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Whoever fails sooner than this after a probe is not well yet: the next probe waits twice as long
/// as the last one. Otherwise a server that answers probes and nothing else would be asked, in vain,
/// most of the time.
const STEADY: Duration = Duration::from_secs(10);

/// A probe that has not come back by then is taken for lost, and another is sent.
const LEASE: Duration = Duration::from_secs(5);

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Ask.
    Ask,
    /// Do without.
    Skip,
    /// Do without, and send a probe in the background.
    Probe,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32, since: Duration, last_wait: Duration },
    Open { probe_at: Duration, wait: Duration },
}

/// The breaker. Times are since any fixed moment.
#[derive(Debug)]
pub struct Breaker(Mutex<State>);

impl Breaker {
    /// An open one, which wants a probe at once.
    #[must_use]
    pub fn open() -> Self {
        Self(Mutex::new(State::Open { probe_at: Duration::ZERO, wait: FIRST_WAIT }))
    }

    /// What whoever wants to ask should do. Of those who come when a probe is due, one gets
    /// [`Advice::Probe`], and must then call [`close`](Self::close) or
    /// [`stay_open`](Self::stay_open).
    pub fn advice(&self, now: Duration) -> Advice {
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
    pub fn succeeded(&self) {
        if let State::Closed { failures, .. } = &mut *self.state() {
            *failures = 0;
        }
    }

    /// Somebody asked in vain. Whether that opened the breaker.
    pub fn failed(&self, now: Duration) -> bool {
        self.add(1, now)
    }

    /// Somebody learned that asking is in vain until something changes. Whether that opened the
    /// breaker.
    pub fn failed_for_good(&self, now: Duration) -> bool {
        self.add(FAILURES, now)
    }

    fn add(&self, more: u32, now: Duration) -> bool {
        let mut state = self.state();
        let State::Closed { failures, since, last_wait } = &mut *state else { return false };
        *failures += more;
        if *failures < FAILURES {
            return false;
        }
        let relapsed = now.saturating_sub(*since) < STEADY;
        let wait = if relapsed { longer(*last_wait) } else { FIRST_WAIT };
        *state = State::Open { probe_at: now + wait, wait };
        true
    }

    /// The probe succeeded.
    pub fn close(&self, now: Duration) {
        let mut state = self.state();
        if let State::Open { wait, .. } = *state {
            *state = State::Closed { failures: 0, since: now, last_wait: wait };
        }
    }

    /// The probe failed: the next one waits twice as long.
    pub fn stay_open(&self, now: Duration) {
        if let State::Open { probe_at, wait } = &mut *self.state() {
            *wait = longer(*wait);
            *probe_at = now + *wait;
        }
    }

    /// Whether nobody asks now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(*self.state(), State::Open { .. })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn longer(wait: Duration) -> Duration {
    (wait * 2).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn closed() -> Breaker {
        let breaker = Breaker::open();
        breaker.close(ms(0));
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
    fn what_is_sure_opens_it_at_once() {
        let breaker = closed();
        assert!(breaker.failed_for_good(ms(0)));
        assert!(!breaker.failed_for_good(ms(0)), "it opens once");
    }

    #[test]
    fn one_probe_at_a_time_closes_it() {
        let breaker = closed();
        let now = STEADY;
        while !breaker.failed(now) {}
        assert_eq!(breaker.advice(now + ms(49)), Advice::Skip);
        assert_eq!(breaker.advice(now + ms(50)), Advice::Probe);
        assert_eq!(breaker.advice(now + ms(51)), Advice::Skip);
        breaker.close(now + ms(52));
        assert_eq!(breaker.advice(now + ms(52)), Advice::Ask);
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

    #[test]
    fn a_relapse_waits_longer_than_the_time_before() {
        let breaker = closed();
        let mut now = ms(0);
        for wait in [100, 200, 400, 800, 1000, 1000] {
            while !breaker.failed(now) {}
            assert_eq!(breaker.advice(now + ms(wait - 1)), Advice::Skip);
            now += ms(wait);
            assert_eq!(breaker.advice(now), Advice::Probe);
            breaker.close(now);
        }
        now += STEADY;
        while !breaker.failed(now) {}
        assert_eq!(breaker.advice(now + FIRST_WAIT), Advice::Probe, "it was well in between");
    }
}
