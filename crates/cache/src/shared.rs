//! The second level: entries in Redis.

use crate::generations::{KEPT, greatest};
use crate::peers::Peers;
use crate::scope::Scope;
use crate::seal::{Opened, Seal};
use futures_util::future::try_join;
use redis_link::Fault;
use redis_link::redis::{cmd, pipe};
use std::sync::Arc;
use std::time::Duration;

/// What is longer stays in the process: one entry must not keep the connection from all others.
const LONGEST: usize = 1 << 20;

pub(crate) struct Shared {
    peers: Arc<Peers>,
    seal: Seal,
    prefix: String,
}

/// An entry that is good.
pub(crate) struct Found<V> {
    pub(crate) value: Option<V>,
    /// The length of what was stored.
    pub(crate) length: usize,
    /// How long it is still fresh.
    pub(crate) fresh_for: Duration,
}

impl Shared {
    pub(crate) fn new(peers: Arc<Peers>, secret: [u8; 32], prefix: &str) -> Self {
        Self { peers, seal: Seal::new(secret), prefix: format!("{prefix}cache:entry:") }
    }

    /// Reads an entry; `None` if there is none that is good.
    pub(crate) async fn read<V>(
        &self,
        name: &str,
        scopes: &[Scope],
        read: fn(&[u8]) -> Option<V>,
    ) -> Option<Found<V>> {
        let known_here = self.peers.known.read().generation(scopes)?;
        let key = self.key(name);
        let (known_there, sealed, milliseconds) = match self.ask(&key, scopes).await {
            Ok((scores, sealed, left)) => (greatest(&scores)?, sealed?, left),
            Err(fault) => {
                tracing::debug!(%fault, "an entry could not be read from Redis");
                return None;
            }
        };
        let content = self.seal.open(&key, &sealed)?;
        if content.stamp < known_here.max(known_there) {
            return None;
        }
        let value = match content.value {
            Some(bytes) => Some(read(bytes)?),
            None => None,
        };
        let fresh_for = Duration::from_millis(u64::try_from(milliseconds).ok()?);
        Some(Found { value, length: sealed.len(), fresh_for })
    }

    /// The generations and the entry stand on different nodes of a Cluster, so they are asked for
    /// side by side. Either may be the older answer: both are from after the read began.
    async fn ask(
        &self,
        key: &str,
        scopes: &[Scope],
    ) -> Result<(Vec<Option<f64>>, Option<Vec<u8>>, i64), Fault> {
        let generations = self.peers.generations.ask(scopes);
        let mut entry = pipe();
        entry.get(key).pttl(key);
        let call = |redis: redis_link::Connection| async move {
            let (mut one, mut other) = (redis.clone(), redis);
            let (scores, (sealed, left)) =
                try_join(generations.query_async(&mut one), entry.query_async(&mut other)).await?;
            Ok((scores, sealed, left))
        };
        self.peers.link.call(call).await
    }

    /// Stores an entry whose load began when `stamp` was the newest generation known.
    pub(crate) async fn write(
        &self,
        name: &str,
        stamp: u64,
        value: Option<&[u8]>,
        fresh_for: Duration,
    ) {
        let milliseconds = fresh_for.min(KEPT).as_millis() as u64;
        let length = value.map_or(0, <[u8]>::len);
        if stamp == 0 || milliseconds == 0 || length > LONGEST {
            return;
        }
        let key = self.key(name);
        let sealed = self.seal.close(&key, &Opened { stamp, value });
        let mut set = cmd("SET");
        set.arg(key).arg(sealed).arg("PX").arg(milliseconds);
        let call = |mut redis| async move { set.exec_async(&mut redis).await };
        if let Err(fault) = self.peers.link.call(call).await {
            tracing::debug!(%fault, "an entry could not be stored in Redis");
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
