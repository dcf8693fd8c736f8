//! The generic cell rate algorithm (ITU-T I.371, annex A): a leaky bucket that needs one number.
//!
//! That number is the *theoretical arrival time*: when somebody who had asked evenly all along would
//! be where he is now. Each admitted request moves it on by the emission interval; a request is
//! refused if that would take it further ahead than a whole burst. All times are microseconds on one
//! clock, any clock. `redis.lua` is this file's other copy.

use super::quota::Quota;
use std::time::Duration;

/// What became of a request, and how its sender stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request is admitted.
    pub allowed: bool,
    /// The most requests at once.
    pub limit: u32,
    /// How many more would be admitted now.
    pub remaining: u32,
    /// How long until all of `limit` would be.
    pub reset_after: Duration,
    /// How long to wait before asking again; zero if admitted.
    pub retry_after: Duration,
    /// How long `remaining` should last: who spreads it over this time, or waits this long when
    /// nothing remains, is not refused.
    pub window: Duration,
}

impl Decision {
    /// Whether less than a tenth of a burst remains; of a burst below ten that is never said.
    pub(super) const fn is_nearly_used_up(&self) -> bool {
        self.remaining < self.limit / 10
    }
}

/// What is found out about one request: all that a decision follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// Whether the request is admitted.
    pub(super) allowed: bool,
    /// How far the theoretical arrival time is ahead of now, in microseconds.
    pub(super) ahead: u64,
}

/// One request at `now`. Moves `arrival`, the theoretical arrival time; anything at or before `now`
/// stands for somebody who was never here.
///
/// An arrival time that no request can have led to (the clock went back, or the quota became
/// shorter) counts as an empty bucket, so that nobody waits longer than his quota says.
pub(super) fn arrive(quota: Quota, arrival: &mut u64, now: u64) -> Answer {
    let full = now + quota.full();
    *arrival = (*arrival).clamp(now, full);
    let next = *arrival + quota.emission();
    let allowed = next <= full;
    if allowed {
        *arrival = next;
    }
    Answer { allowed, ahead: *arrival - now }
}

impl Answer {
    /// The decision under `quota`.
    pub(super) fn decision(self, quota: Quota) -> Decision {
        let (emission, full) = (quota.emission(), quota.full());
        let ahead = self.ahead.min(full);
        let remaining = (full - ahead) / emission;
        let next_after = ahead.min(emission - (full - ahead) % emission);
        let retry_after = if self.allowed { 0 } else { next_after };
        Decision {
            allowed: self.allowed,
            limit: quota.burst().get(),
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset_after: Duration::from_micros(ahead),
            retry_after: Duration::from_micros(retry_after),
            window: Duration::from_micros(next_after.max(remaining * emission)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quotas() -> impl Strategy<Value = Quota> {
        (1_u32..60, 1_u64..100).prop_map(|(burst, seconds)| {
            Quota::new(burst.try_into().unwrap(), Duration::from_secs(seconds)).unwrap()
        })
    }

    proptest! {
        #[test]
        fn no_interval_holds_more_than_burst_and_rate_times_its_length(
            quota in quotas(),
            start in 0_u64..1 << 51,
            gaps in prop::collection::vec(
                prop_oneof![Just(0), 0_u64..1000, 0_u64..2_000_000, 0_u64..200_000_000],
                1..300,
            ),
        ) {
            let (mut arrival, mut now, mut admitted) = (0, start, Vec::new());
            for gap in gaps {
                now += gap;
                if arrive(quota, &mut arrival, now).allowed {
                    admitted.push(now);
                }
            }
            let window = quota.per().as_micros();
            let burst = u128::from(quota.burst().get());
            for (first, from) in admitted.iter().enumerate() {
                for (last, to) in admitted.iter().enumerate().skip(first) {
                    let count = (last - first + 1) as u128;
                    let earned = u128::from(to - from) * burst / window;
                    prop_assert!(count <= burst + earned, "{count} in {}", to - from);
                }
            }
        }

        #[test]
        fn a_refused_request_is_admitted_when_told_and_not_before(
            quota in quotas(),
            now in 0_u64..1 << 51,
            ahead in 0_u64..200_000_000,
        ) {
            let mut arrival = now + ahead;
            let decision = arrive(quota, &mut arrival, now).decision(quota);
            prop_assert_eq!(decision.retry_after.is_zero(), decision.allowed);
            let wait = decision.retry_after.as_micros() as u64;
            if !decision.allowed {
                prop_assert_eq!(decision.remaining, 0);
                prop_assert_eq!(decision.window, decision.retry_after);
                prop_assert!(!arrive(quota, &mut arrival.clone(), now + wait - 1).allowed);
            }
            prop_assert!(decision.allowed || arrive(quota, &mut arrival, now + wait).allowed);
        }

        #[test]
        fn as_many_as_remain_are_admitted_and_then_none(quota in quotas(), used in 1_u32..60) {
            let (mut arrival, now) = (0, 1_000_000);
            let mut remaining = quota.burst().get();
            for _ in 0..used {
                remaining = arrive(quota, &mut arrival, now).decision(quota).remaining;
            }
            for _ in 0..remaining {
                prop_assert!(arrive(quota, &mut arrival, now).allowed);
            }
            prop_assert!(!arrive(quota, &mut arrival, now).allowed);
        }

        #[test]
        fn the_window_never_promises_more_than_the_rate(quota in quotas(), used in 1_u32..60) {
            let mut arrival = 0;
            for _ in 0..used {
                let decision = arrive(quota, &mut arrival, 0).decision(quota);
                let least = u128::from(decision.remaining) * quota.per().as_micros();
                prop_assert!(decision.window.as_micros() * u128::from(decision.limit) >= least);
                prop_assert!(!decision.window.is_zero());
            }
        }
    }

    #[test]
    fn a_clock_that_went_back_costs_a_window_at_most() {
        let quota = Quota::of::<5, 300>();
        let mut arrival = 10_000_000_000;
        let refused = arrive(quota, &mut arrival, 0).decision(quota);
        assert_eq!(refused.retry_after, Duration::from_secs(60));
        assert_eq!(refused.reset_after, Duration::from_secs(300));
        assert!(arrive(quota, &mut arrival, 60_000_000).allowed);
    }
}
