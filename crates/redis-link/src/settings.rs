//! Where Redis is, and how long anybody waits for it.

use crate::fault::UrlError;
use crate::topology::Topology;
use std::fmt;
use std::time::Duration;

/// Where Redis is, and how it is used.
#[derive(Clone)]
pub struct Settings {
    /// One of
    ///
    /// - `redis://[user:password@]host[:port][/database]`: one server
    /// - `redis+unix:///path[?db=database]`: one server on this machine
    /// - `redis+sentinel://[user:password@]host[:port],…/service[/database]`: the master that these
    ///   Sentinels call `service`. The credentials are Redis's; the Sentinels' own, if they want
    ///   some, are `?sentinel_user=…&sentinel_password=…`. A Sentinel's usual port is 26379.
    /// - `redis+cluster://[user:password@]host[:port],…`: the Cluster that these nodes belong to
    ///
    /// and the same over TLS with `rediss` for `redis`.
    pub url: String,
    /// For TLS: the authority that signed the servers' certificates, as PEM. `None`: those that the
    /// operating system trusts.
    pub authority: Option<Vec<u8>>,
    /// How long to wait.
    pub limits: Limits,
    /// Who does without Redis while it does not answer, for log lines: `"the cache"`.
    pub purpose: &'static str,
}

impl Settings {
    /// Settings with the usual limits.
    pub fn new(url: impl Into<String>, purpose: &'static str) -> Self {
        Self { url: url.into(), authority: None, limits: Limits::default(), purpose }
    }

    /// Whether Redis could be looked for, wherever it is.
    ///
    /// # Errors
    /// The URL cannot be read.
    pub fn check(&self) -> Result<(), UrlError> {
        Topology::new(self).map(drop)
    }
}

/// Without the URL, which may have a password in it.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, authority: _, limits, purpose } = self;
        let mut shown = f.debug_struct("Settings");
        shown.field("limits", limits).field("purpose", purpose).finish_non_exhaustive()
    }
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a connection, with the handshakes of TCP, TLS and Redis, and for a Sentinel's or a
    /// Cluster's knowledge of who is where.
    pub create: Duration,
    /// For the first answer on a new connection, before anybody uses it.
    pub recycle: Duration,
    /// For one call: until there is room to send it, and until it is answered.
    pub command: Duration,
}

impl Default for Limits {
    /// A second to connect, and 100 ms to answer: a hundred times what a server nearby needs.
    fn default() -> Self {
        Self {
            create: Duration::from_secs(1),
            recycle: Duration::from_millis(100),
            command: Duration::from_millis(100),
        }
    }
}
