//! The limiter that a service has: its own memory, and Redis if there is one.

use super::gcra::{Answer, Decision};
use super::identity::Identity;
use super::local::Local;
use super::policy::{Policies, RouteClass};
use super::quota::Quota;
use super::shared::{RedisSettings, Shared};
use super::stats::{Counts, Stats};
use redis_link::UrlError;
use std::sync::Arc;
use std::time::Instant;

/// Decides who may ask now. Made once, cheap to clone, shared by all workers.
#[derive(Clone)]
pub struct Limiter<C>(Arc<Inner<C>>);

struct Inner<C> {
    policies: Policies<C>,
    local: Local,
    shared: Option<Shared>,
    counts: Counts<C>,
    started: Instant,
}

impl<C: RouteClass> Limiter<C> {
    /// A limiter that counts for this process alone.
    #[must_use]
    pub fn local(policies: Policies<C>) -> Self {
        Self::new(policies, None)
    }

    /// A limiter that counts together with all processes on this Redis. It need not answer now, nor
    /// ever: then this process counts alone until it does.
    ///
    /// Its connection lives on the runtime that this is called on, which should not be a worker's.
    ///
    /// # Errors
    /// The URL cannot be read.
    pub async fn redis(policies: Policies<C>, settings: RedisSettings) -> Result<Self, UrlError> {
        Ok(Self::new(policies, Some(Shared::start(settings).await?)))
    }

    fn new(policies: Policies<C>, shared: Option<Shared>) -> Self {
        let (local, counts, started) = (Local::new(), Counts::new(), Instant::now());
        Self(Arc::new(Inner { policies, local, shared, counts, started }))
    }

    /// Counts one request of `identity`, under his own quota if he has one, else under the class's.
    /// `None` if neither limits it, or nothing is limited.
    pub async fn check(&self, class: C, identity: &Identity, own: Option<Quota>) -> Option<Ruling> {
        let policies = &self.0.policies;
        let quota = policies.quota(class).or_else(|| own.filter(|_| !policies.is_off()))?;
        let quota = own.unwrap_or(quota);
        let decision = self.0.decide(class.name(), identity, quota).await;
        self.0.counts.count(class, decision.allowed);
        Some(Ruling { policy: class.name(), quota, decision })
    }

    /// What would become of a request of `identity` under the class's quota, as far as this process
    /// knows. Counts nothing.
    #[must_use]
    pub fn look(&self, class: C, identity: &Identity) -> Option<Ruling> {
        let quota = self.0.policies.quota(class)?;
        let place = self.0.local.place(class.name(), identity);
        let decision = self.0.local.look(place, quota, self.0.now());
        Some(Ruling { policy: class.name(), quota, decision })
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let redis = self.0.shared.as_ref().map(Shared::stats);
        Stats { classes: self.0.counts.read(), redis }
    }
}

impl<C> Inner<C> {
    /// As long as Redis has only just failed to answer, others may still be counting there, and what
    /// it said last is the best that is known: somebody whose quota was nearly used up is refused.
    /// Afterwards this process counts alone.
    async fn decide(&self, class: &str, identity: &Identity, quota: Quota) -> Decision {
        let place = self.local.place(class, identity);
        let here = self.local.admit(place, quota, self.now());
        let Some(shared) = self.shared.as_ref().filter(|_| here.allowed) else { return here };
        // Boxed, so that whoever counts here alone does not carry it along with each request.
        let asked = Box::pin(shared.ask(class, identity, quota)).await;
        let now = self.now();
        match asked {
            Ok(there) => {
                shared.answered(now);
                self.local.settle(place, quota, now, there)
            }
            Err(_) if shared.is_in_doubt(now) && here.is_nearly_used_up() => {
                let doubtful = Answer { allowed: false, ahead: 0 };
                let decision = self.local.settle(place, quota, now, doubtful);
                Decision { remaining: 0, ..decision }
            }
            Err(_) => {
                shared.went_without();
                here
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A decision with the policy that it was made under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// The class's name.
    pub policy: &'static str,
    /// What the identity may ask.
    pub quota: Quota,
    /// What became of this request.
    pub decision: Decision,
}

impl Ruling {
    /// Whether the request is admitted.
    #[must_use]
    pub const fn allowed(&self) -> bool {
        self.decision.allowed
    }
}
