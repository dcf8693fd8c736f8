//! The other processes: what they are told, and what is heard of them.

use crate::generations::{Generations, read_message};
use crate::history::History;
use crate::scope::Scope;
use futures_util::StreamExt;
use redis_link::Link;
use redis_link::redis::aio::PubSubStream;
use std::future;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the others' changes are asked for, in case a message was lost.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// How many changes are announced at once.
const BATCH: usize = 1000;

/// The history, which whoever reads or writes looks at.
pub(crate) struct Known(RwLock<History>);

impl Known {
    pub(crate) fn new(history: History) -> Self {
        Self(RwLock::new(history))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, History> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, History> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever shares the Redis.
pub(crate) struct Peers {
    pub(crate) link: Arc<Link>,
    pub(crate) generations: Generations,
    pub(crate) known: Arc<Known>,
}

impl Peers {
    /// Announces what changed here, and learns what changed elsewhere. Whether Redis answered: if
    /// not, the changes stay to be announced.
    pub(crate) async fn exchange(&self, issue: Vec<(Scope, u64)>) -> bool {
        let asked = Instant::now();
        let (seen, cursor) = {
            let known = self.known.read();
            (known.stamp(), known.cursor())
        };
        let answer = self.generations.exchange(seen, cursor, &issue).await;
        let mut known = self.known.write();
        match answer {
            Ok(news) => {
                known.learn(&news, &issue);
                known.answered(asked);
                true
            }
            Err(fault) => {
                tracing::debug!(%fault, "changes could not be exchanged");
                known.unanswered();
                false
            }
        }
    }

    /// Announces what could not be announced before, and learns what changed elsewhere.
    async fn exchange_all(&self) -> bool {
        loop {
            let unissued = self.known.read().unissued(BATCH);
            let last = unissued.len() < BATCH;
            if !self.exchange(unissued).await {
                return false;
            }
            if last {
                return true;
            }
        }
    }

    /// Listens and asks, until it is aborted.
    pub(crate) async fn follow(self: Arc<Self>) {
        let mut ticks = interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut messages: Option<PubSubStream> = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    if !self.exchange_all().await {
                        messages = None;
                    } else if messages.is_none() {
                        messages = self.listen().await;
                    }
                }
                heard = next(&mut messages) => match heard {
                    Some((scope, generation)) => self.known.write().hear(&scope, generation),
                    None => messages = None,
                }
            }
        }
    }

    async fn listen(&self) -> Option<PubSubStream> {
        let subscribed = self.link.subscribe(self.generations.channel()).await;
        subscribed.map(redis_link::redis::aio::PubSub::into_on_message).ok()
    }
}

/// The next message; `None` if there will be none, never if nobody listens.
async fn next(messages: &mut Option<PubSubStream>) -> Option<(Scope, u64)> {
    let Some(messages) = messages else { return future::pending().await };
    let message = messages.next().await?;
    read_message(&message.get_payload::<String>().ok()?)
}
