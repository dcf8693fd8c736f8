//! What all processes remember together: one atomic script on Redis.

use super::gcra::Answer;
use super::identity::Identity;
use super::quota::Quota;
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, Script, TlsCertificates};
use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::time::{error::Elapsed, timeout};

const CONNECT: Duration = Duration::from_secs(1);

/// Where Redis is, and how it is used.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
    pub url: String,
    /// PEM certificates of those who vouch for a `rediss://`; `None`: those that this machine trusts.
    pub ca: Option<Vec<u8>>,
    /// Before every key, so that services can share a Redis. Keys are `<prefix>rl:{class:identity}`.
    pub prefix: String,
    /// How long a request waits for Redis before it does without.
    pub patience: Duration,
}

impl RedisSettings {
    /// 20 ms: with a timer's own slack a request loses less than 25 ms.
    pub const PATIENCE: Duration = Duration::from_millis(20);

    /// Settings with the usual patience.
    pub fn new(url: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self { url: url.into(), ca: None, prefix: prefix.into(), patience: Self::PATIENCE }
    }
}

/// Without the URL, which may have a password in it.
impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, ca: _, prefix, patience } = self;
        let mut shown = f.debug_struct("RedisSettings");
        shown.field("prefix", prefix).field("patience", patience).finish_non_exhaustive()
    }
}

/// The URL is not one of Redis, or the certificates for it are none.
#[derive(Debug, thiserror::Error)]
#[error("the URL of Redis, or the certificates for it, cannot be read")]
pub struct RedisUrlError(#[source] RedisError);

/// Why Redis did not answer. Not for clients.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("not connected")]
    NotConnected,
    #[error("no answer in time")]
    TooSlow(#[from] Elapsed),
    #[error(transparent)]
    Redis(#[from] RedisError),
}

fn client(url: String, ca: Option<Vec<u8>>) -> Result<Client, RedisError> {
    match ca {
        None => Client::open(url),
        ca => Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert: ca }),
    }
}

/// The one connection, shared by all requests: what they ask is pipelined.
pub(super) struct Redis {
    client: Client,
    script: Script,
    prefix: String,
    patience: Duration,
    connection: RwLock<Option<MultiplexedConnection>>,
}

impl Redis {
    /// Not connected yet.
    pub(super) fn new(settings: RedisSettings) -> Result<Self, RedisUrlError> {
        Ok(Self {
            client: client(settings.url, settings.ca).map_err(RedisUrlError)?,
            script: Script::new(include_str!("redis.lua")),
            prefix: settings.prefix,
            patience: settings.patience,
            connection: RwLock::default(),
        })
    }

    /// One request.
    pub(super) async fn admit(
        &self,
        class: &str,
        identity: &Identity,
        quota: Quota,
    ) -> Result<Answer, Fault> {
        let connection = self.connection.read().unwrap_or_else(PoisonError::into_inner).clone();
        let key = format!("{}rl:{{{class}:{identity}}}", self.prefix);
        self.run(connection.ok_or(Fault::NotConnected)?, &key, quota).await
    }

    /// Connects anew. Redis must then run the script as fast as a request expects it: one that
    /// accepts connections and cannot write, or is slow, is still of no use.
    pub(super) async fn connect(&self) -> Result<(), Fault> {
        let connection = timeout(CONNECT, self.client.get_multiplexed_async_connection()).await??;
        let key = format!("{}rl:{{probe}}", self.prefix);
        self.run(connection.clone(), &key, Quota::of::<1, 1>()).await?;
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        Ok(())
    }

    async fn run(
        &self,
        mut connection: MultiplexedConnection,
        key: &str,
        quota: Quota,
    ) -> Result<Answer, Fault> {
        let mut call = self.script.key(key);
        call.arg(quota.emission()).arg(quota.burst().get());
        let (allowed, ahead) = timeout(self.patience, call.invoke_async(&mut connection)).await??;
        Ok(Answer { allowed, ahead })
    }
}
