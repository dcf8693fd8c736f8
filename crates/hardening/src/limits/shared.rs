//! What all processes remember together: one atomic script on Redis, which is asked while it answers.

use super::gcra::Answer;
use super::identity::Identity;
use super::quota::Quota;
use super::stats::RedisStats;
use redis_link::redis::Script;
use redis_link::{Fault, Limits, Link, Settings, UrlError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How long a request waits for Redis before it does without: with a timer's own slack it loses less
/// than 25 ms.
const PATIENCE: Duration = Duration::from_millis(20);

/// After so long without an answer it is taken to be gone rather than slow.
const DOUBT: Duration = Duration::from_secs(2);

/// Where Redis is, and how it is used.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// The way to it. [`Limits::command`] is how long a request waits before it does without.
    pub link: Settings,
    /// Before every key, so that services can share a Redis. Keys are `<prefix>rl:{class:identity}`.
    pub prefix: String,
    /// For how long after its last answer others may still be counting there: so long somebody whose
    /// quota is nearly used up is refused when it does not answer. Afterwards this process counts
    /// alone.
    pub doubt: Duration,
}

impl RedisSettings {
    /// Settings with the usual patience, 20 ms, and 2 s of doubt.
    pub fn new(link: Settings, prefix: impl Into<String>) -> Self {
        let limits = Limits { command: PATIENCE, ..link.limits };
        Self { link: Settings { limits, ..link }, prefix: prefix.into(), doubt: DOUBT }
    }
}

/// The limiter that all processes share, as far as it can be reached.
pub(super) struct Shared {
    link: Arc<Link>,
    script: Script,
    prefix: String,
    went_without: AtomicU64,
    doubt: Duration,
    /// In microseconds, as the limiter counts them; 0 before the first.
    last_answer: AtomicU64,
}

impl Shared {
    /// Tries to connect once; if that fails, requests try again in the background.
    pub(super) async fn start(settings: RedisSettings) -> Result<Self, UrlError> {
        Ok(Self {
            link: Link::start(settings.link).await?,
            script: Script::new(include_str!("redis.lua")),
            prefix: settings.prefix,
            went_without: AtomicU64::new(0),
            doubt: settings.doubt,
            last_answer: AtomicU64::new(0),
        })
    }

    /// One request.
    pub(super) async fn ask(
        &self,
        class: &str,
        identity: &Identity,
        quota: Quota,
    ) -> Result<Answer, Fault> {
        let mut call = self.script.key(format!("{}rl:{{{class}:{identity}}}", self.prefix));
        call.arg(quota.emission()).arg(quota.burst().get());
        let run = |mut redis| async move { call.invoke_async(&mut redis).await };
        let (allowed, ahead) = self.link.call(run).await?;
        Ok(Answer { allowed, ahead })
    }

    /// It answered at `now`.
    pub(super) fn answered(&self, now: u64) {
        self.last_answer.store(now, Relaxed);
    }

    /// Whether others may still be counting there at `now`.
    pub(super) fn is_in_doubt(&self, now: u64) -> bool {
        let last = self.last_answer.load(Relaxed);
        last > 0 && now.saturating_sub(last) < self.doubt.as_micros() as u64
    }

    /// A request was admitted without Redis.
    pub(super) fn went_without(&self) {
        self.went_without.fetch_add(1, Relaxed);
    }

    pub(super) fn stats(&self) -> RedisStats {
        let redis_link::Stats { in_use, failures, .. } = self.link.stats();
        RedisStats { in_use, failures, went_without: self.went_without.load(Relaxed) }
    }
}
