//! Redis behind a breaker: asks while it answers, does without while it does not.

use super::breaker::{Advice, Breaker};
use super::gcra::Answer;
use super::identity::Identity;
use super::quota::Quota;
use super::redis::{Fault, Redis, RedisSettings, RedisUrlError};
use super::stats::{RedisCounts, RedisStats};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// The limiter that all processes share, as far as it can be reached.
pub(super) struct Shared {
    redis: Redis,
    breaker: Breaker,
    counts: RedisCounts,
    started: Instant,
    /// Where connections live. Not the worker that happens to ask: a busy one would keep the answers
    /// of all others waiting.
    runtime: Handle,
}

impl Shared {
    /// Tries to connect once; if that fails, requests try again in the background.
    pub(super) async fn start(settings: RedisSettings) -> Result<Arc<Self>, RedisUrlError> {
        let shared = Arc::new(Self {
            redis: Redis::new(settings)?,
            breaker: Breaker::open(),
            counts: RedisCounts::default(),
            started: Instant::now(),
            runtime: Handle::current(),
        });
        shared.probe().await;
        Ok(shared)
    }

    /// One request; `None` if Redis does not say in time.
    pub(super) async fn admit(
        self: &Arc<Self>,
        class: &str,
        identity: &Identity,
        quota: Quota,
    ) -> Option<Answer> {
        let answer = match self.breaker.advice(self.now()) {
            Advice::Ask => self.ask(class, identity, quota).await,
            Advice::Skip => None,
            Advice::Probe => {
                let shared = Arc::clone(self);
                self.runtime.spawn(async move { shared.probe().await });
                None
            }
        };
        if answer.is_none() {
            self.counts.went_without();
        }
        answer
    }

    async fn ask(&self, class: &str, identity: &Identity, quota: Quota) -> Option<Answer> {
        match self.redis.admit(class, identity, quota).await {
            Ok(answer) => {
                self.breaker.succeeded();
                Some(answer)
            }
            Err(fault) => {
                self.failed(&fault);
                None
            }
        }
    }

    fn failed(&self, fault: &Fault) {
        self.counts.failed();
        if self.breaker.failed(self.now()) {
            tracing::warn!(%fault, "Redis does not answer; rate limits are kept by each process");
        }
    }

    async fn probe(&self) {
        match self.redis.connect().await {
            Ok(()) => {
                self.breaker.close();
                tracing::info!("Redis answers; rate limits are shared");
            }
            Err(fault) => {
                self.breaker.stay_open(self.now());
                tracing::debug!(%fault, "Redis does not answer yet");
            }
        }
    }

    pub(super) fn stats(&self) -> RedisStats {
        self.counts.read(!self.breaker.is_open())
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}
