//! Load shedding: beyond an adaptive limit of requests in flight, a request is refused at once.
//!
//! **Where requests wait.** An Actix worker is one thread. A connection's bytes wait in the kernel
//! until the worker comes round to it; only when the head is read does a request come here, and its
//! clock starts. When the bytes arrived cannot be known through Actix (the kernel would tell by
//! `SO_TIMESTAMPING`, to whoever reads the socket by `recvmsg`). So this limit
//! sees what waits behind the handler: database permits, blocking threads, other services, and the
//! worker itself each time that a handler waits and must be polled again. It does not see what waits
//! before the worker. That queue is short as long as no handler keeps its worker for longer than some
//! 100 µs, and as long as the worker is not kept by refusing.
//!
//! **Refusing is work.** A refusal takes some 30 µs of a core, more than half of it the kernel's, and a
//! body that is thrown away its own share. So it is done in front of the app, which sees nothing of it.
//! A flood that is refused as fast as it comes takes the whole core, and comes the faster the sooner it
//! is refused.
//!
//! So while nobody is refused, whoever finds no room waits some milliseconds for it, and most bursts
//! are over by then. In an overload only so many a second are refused at once ([`Refusals`]); beyond
//! that a request waits for its turn at being refused, a second at most, or for room, whichever is
//! first. Meanwhile its connection is not read, and TCP holds its sender back. What is not much dearer
//! than a refusal is thereby served late rather than refused; what takes milliseconds is refused at
//! once, at ten times the load too.
//!
//! Nor is the client's own slowness counted: while a handler waits for the request's body its permit
//! is paused. And an answer's body is not waited for: a permit ends when the handler has its answer's
//! head, so that event streams hold none.

mod answer;
mod client_time;
mod gradient;
mod limiter;
mod refusals;
mod shedding;
#[cfg(test)]
mod simulation;

pub use answer::overloaded;
pub use gradient::Bounds;
pub use limiter::Limiter;
pub use shedding::{Refuse, Shedding, shed_load};

use actix_web::dev::RequestHead;
use limiter::Permit;
use refusals::Refusals;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// So long whoever finds no room waits for some, as long as nobody is refused: many who ask at once,
/// or who wait for one read that ends at once for all, are no overload.
const BURST: Duration = Duration::from_millis(5);

/// What [`shed_load`] goes by: kinds of requests, each with a limit of its own, so that a flood of
/// one leaves room for the others, and one kind's latency says nothing of another's (the bulkheads of
/// a ship). Made once, shared by all workers.
#[derive(Debug, Clone)]
pub struct Overload<K> {
    limiters: Arc<[(K, Arc<Limiter>)]>,
    refusals: Arc<Refusals>,
    kind_of: fn(&RequestHead) -> Option<K>,
    started: Instant,
}

impl<K: Copy + PartialEq> Overload<K> {
    /// With a limit between the bounds for each kind. `kind_of` a probe is `None`: it is never
    /// refused, nor counted; so is a kind without a limit. Of a server with so many workers.
    pub fn new(
        workers: usize,
        bounds: impl IntoIterator<Item = (K, Bounds)>,
        kind_of: fn(&RequestHead) -> Option<K>,
    ) -> Self {
        let limiter = |(kind, bounds)| (kind, Arc::new(Limiter::new(bounds)));
        let limiters = bounds.into_iter().map(limiter).collect();
        Self {
            limiters,
            refusals: Arc::new(Refusals::new(workers)),
            kind_of,
            started: Instant::now(),
        }
    }

    /// The kinds that are limited, with their state: for metrics.
    pub fn limiters(&self) -> &[(K, Arc<Limiter>)] {
        &self.limiters
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    fn limiter_for(&self, head: &RequestHead) -> Option<&Arc<Limiter>> {
        let kind = (self.kind_of)(head)?;
        self.limiters.iter().find(|(known, _)| *known == kind).map(|(_, limiter)| limiter)
    }

    /// Lets a request with so long a body in, now or as soon as there is room; `None` when it is to be
    /// refused.
    async fn admit(&self, limiter: &Arc<Limiter>, body: u64) -> Option<Permit> {
        let now = self.now();
        if let Some(permit) = limiter.admit(now) {
            return Some(permit);
        }
        let turn = Duration::from_micros(self.refusals.turn(now, body));
        let wait = if limiter.is_refusing(now) { turn } else { turn.max(BURST) };
        if !wait.is_zero()
            && let Ok(permit) = timeout(wait, limiter.room(|| self.now())).await
        {
            return Some(permit);
        }
        limiter.refuse(self.now());
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::join;
    use std::pin::pin;
    use tokio::time::advance;

    /// One request at once, which is in flight, and so many that were refused just now.
    fn busy(refused: usize) -> (Overload<()>, Arc<Limiter>, Permit) {
        let overload = Overload::new(1, [((), Bounds { min: 1, max: 1 })], |_| Some(()));
        let limiter = Arc::clone(&overload.limiters()[0].1);
        let permit = limiter.admit(overload.now()).unwrap();
        for _ in 0..refused {
            overload.refusals.turn(overload.now(), 0);
        }
        (overload, limiter, permit)
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_what_may_be_refused_requests_wait_for_room() {
        let (overload, limiter, permit) = busy(2_000);
        let mut one = pin!(overload.admit(&limiter, 0));
        let mut other = pin!(overload.admit(&limiter, 0));
        assert!(one.as_mut().now_or_never().is_none() && other.as_mut().now_or_never().is_none());
        assert_eq!(limiter.waiting(), 2);
        drop(permit);
        let (one, other) = join(one, other).await;
        // The second is not let in while the first one's permit is held, so its turn comes.
        assert!(one.is_some() && other.is_none());
        assert_eq!((limiter.waiting(), limiter.refused(), limiter.in_flight()), (0, 1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_waited_for_and_an_overload_is_not() {
        let (overload, limiter, permit) = busy(0);
        let mut burst = pin!(overload.admit(&limiter, 0));
        assert!(burst.as_mut().now_or_never().is_none());
        drop(permit);
        let permit = burst.await.unwrap();
        let began = Instant::now();
        assert!(overload.admit(&limiter, 0).await.is_none());
        assert!(began.elapsed() >= BURST);
        let at_once = |limiter| overload.admit(limiter, 0).now_or_never();
        assert!(at_once(&limiter).is_some_and(|admitted| admitted.is_none()));
        advance(Duration::from_millis(1001)).await;
        assert!(at_once(&limiter).is_none(), "nobody was refused for a while");
        drop(permit);
        assert_eq!((limiter.refused(), limiter.in_flight(), limiter.waiting()), (2, 0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_goes_away_waits_no_longer() {
        let (overload, limiter, permit) = busy(2_000);
        {
            let mut gone = pin!(overload.admit(&limiter, 0));
            assert!(gone.as_mut().now_or_never().is_none());
        }
        let mut stays = pin!(overload.admit(&limiter, 0));
        assert!(stays.as_mut().now_or_never().is_none());
        drop(permit);
        assert!(stays.await.is_some(), "the room is for whoever is still there");
        assert_eq!(limiter.waiting(), 0);
    }
}
