//! What one process remembers of everybody, in memory that never grows.
//!
//! A table like a processor's cache: an identity's hash chooses a bucket, which has room for
//! [`WAYS`] of them. Nothing is allocated after the start and nothing has to be swept: an identity
//! that has earned its whole burst again is no different from one that was never here, so its
//! place is free by itself. When a bucket is full of others, the one that owes least makes room:
//! at most its own debt is forgiven. So a flood of new identities, each owing for one request,
//! drives out one another, not somebody who is at his limit; to do that it takes [`WAYS`] identities
//! that owe more, in the one bucket that a secret hash chose.

use super::gcra::{Answer, Decision, arrive};
use super::identity::Identity;
use super::quota::Quota;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

const WAYS: usize = 16;

/// Room for 131,072 identities, in 2 MiB and a little.
const BUCKETS: usize = 8192;

/// Where an identity of a class is remembered: a hash with a secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u64);

/// Of whom, and his theoretical arrival time.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    hash: u64,
    arrival: u64,
}

/// The limiter of one process. Times are microseconds since whenever.
#[derive(Debug)]
pub(super) struct Local {
    hasher: RandomState,
    buckets: Box<[Mutex<[Slot; WAYS]>]>,
}

impl Local {
    pub(super) fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| Mutex::default()).collect();
        Self { hasher: RandomState::new(), buckets }
    }

    pub(super) fn place(&self, class: &str, identity: &Identity) -> Place {
        Place(self.hasher.hash_one((class, identity)))
    }

    /// One request at `now`.
    pub(super) fn admit(&self, place: Place, quota: Quota, now: u64) -> Decision {
        self.at(place, |arrival| arrive(quota, arrival, now)).decision(quota)
    }

    /// What would become of a request at `now`.
    pub(super) fn look(&self, place: Place, quota: Quota, now: u64) -> Decision {
        self.at(place, |arrival| arrive(quota, &mut arrival.clone(), now)).decision(quota)
    }

    /// What became elsewhere of a request that was admitted here: takes it back if it was refused
    /// there, and remembers who is further ahead there than here.
    pub(super) fn settle(&self, place: Place, quota: Quota, now: u64, there: Answer) -> Decision {
        self.at(place, |arrival| {
            if !there.allowed {
                *arrival = arrival.saturating_sub(quota.emission());
            }
            *arrival = (*arrival).max(now + there.ahead);
            Answer { allowed: there.allowed, ahead: *arrival - now }.decision(quota)
        })
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder of the length is below it")]
    fn at<T>(&self, place: Place, change: impl FnOnce(&mut u64) -> T) -> T {
        let bucket = &self.buckets[place.0 as usize % self.buckets.len()];
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = bucket.iter_mut().find(|slot| slot.hash == place.0) {
            return change(&mut slot.arrival);
        }
        let mut nowhere = Slot::default();
        let idlest = bucket.iter_mut().min_by_key(|slot| slot.arrival).unwrap_or(&mut nowhere);
        *idlest = Slot { hash: place.0, arrival: 0 };
        change(&mut idlest.arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const QUOTA: Quota = Quota::of::<5, 300>();

    fn somebody(name: &str) -> Identity {
        Identity::new("user", name)
    }

    #[test]
    fn identities_and_classes_are_counted_apart() {
        let local = Local::new();
        let (ada, bob) = (somebody("ada"), somebody("bob"));
        for _ in 0..5 {
            assert!(local.admit(local.place("auth", &ada), QUOTA, 0).allowed);
        }
        assert!(!local.admit(local.place("auth", &ada), QUOTA, 0).allowed);
        assert!(local.admit(local.place("auth", &bob), QUOTA, 0).allowed);
        assert!(local.admit(local.place("api", &ada), QUOTA, 0).allowed);
        assert!(local.admit(local.place("auth", &ada), QUOTA, 60_000_000).allowed);
    }

    #[test]
    fn a_flood_of_strangers_does_not_make_it_forget_who_is_at_his_limit() {
        let local = Local::new();
        let busy = local.place("auth", &somebody("busy"));
        while local.admit(busy, QUOTA, 0).allowed {}
        for stranger in 0..(4 * WAYS * BUCKETS) {
            local.admit(local.place("auth", &somebody(&stranger.to_string())), QUOTA, 1);
        }
        assert!(!local.admit(busy, QUOTA, 2).allowed);
    }

    #[test]
    fn what_is_learned_elsewhere_holds_here() {
        let local = Local::new();
        let place = local.place("auth", &somebody("ada"));
        assert!(local.admit(place, QUOTA, 0).allowed);
        let there = Answer { allowed: true, ahead: 240_000_000 };
        assert_eq!(local.settle(place, QUOTA, 0, there).remaining, 1);
        assert!(local.admit(place, QUOTA, 0).allowed);
        assert!(!local.admit(place, QUOTA, 0).allowed);
    }

    #[test]
    fn who_is_less_ahead_elsewhere_stays_where_he_is() {
        let local = Local::new();
        let place = local.place("auth", &somebody("ada"));
        for _ in 0..4 {
            assert!(local.admit(place, QUOTA, 0).allowed);
        }
        let emptied = Answer { allowed: true, ahead: 60_000_000 };
        assert_eq!(local.settle(place, QUOTA, 0, emptied).remaining, 1);
    }

    #[test]
    fn a_request_that_is_refused_elsewhere_is_not_counted_here() {
        let local = Local::new();
        let place = local.place("auth", &somebody("ada"));
        assert!(local.admit(place, QUOTA, 0).allowed);
        let there = Answer { allowed: false, ahead: 250_000_000 };
        let decision = local.settle(place, QUOTA, 0, there);
        assert_eq!(decision.retry_after, Duration::from_secs(10));
        assert!(!local.admit(place, QUOTA, 9_999_999).allowed);
        assert!(local.admit(place, QUOTA, 10_000_000).allowed);
    }
}
