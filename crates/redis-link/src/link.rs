//! The link itself.

use crate::breaker::{Advice, Breaker};
use crate::connection::{Connection, Kind};
use crate::fault::{Fault, UrlError};
use crate::settings::{Limits, Settings};
use crate::stats::{Counts, Stats};
use crate::topology::Topology;
use redis::aio::PubSub;
use redis::{RedisResult, Value, cmd};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

/// The way to Redis. Made once, shared by all who use the same Redis, so that what one of them
/// learns about its health all know.
pub struct Link {
    topology: Topology,
    limits: Limits,
    purpose: &'static str,
    breaker: Breaker,
    counts: Counts,
    /// Whether the log has it that Redis fails.
    is_told: AtomicBool,
    connection: RwLock<Option<Connection>>,
    started: Instant,
    /// Where connections live. Not the worker that happens to ask: a busy one would keep the answers
    /// of all others waiting.
    runtime: Handle,
}

impl Link {
    /// Tries to connect once. Redis need not answer now, nor ever: calls try again in the background.
    ///
    /// Connections live on the runtime that this is called on, which should not be a web worker's.
    ///
    /// # Errors
    /// The URL cannot be read.
    pub async fn start(settings: Settings) -> Result<Arc<Self>, UrlError> {
        let link = Arc::new(Self {
            topology: Topology::new(&settings)?,
            limits: settings.limits,
            purpose: settings.purpose,
            breaker: Breaker::open(),
            counts: Counts::default(),
            is_told: AtomicBool::default(),
            connection: RwLock::default(),
            started: Instant::now(),
            runtime: Handle::current(),
        });
        link.probe().await;
        Ok(link)
    }

    /// One command, pipeline or script on the connection that all share. It must not block in Redis,
    /// nor watch keys.
    ///
    /// # Errors
    /// There is no answer, or a refusal. [`Fault::Resting`] comes at once; everything else within
    /// [`Limits::command`].
    pub async fn call<T, A>(self: &Arc<Self>, ask: impl FnOnce(Connection) -> A) -> Result<T, Fault>
    where
        A: Future<Output = RedisResult<T>>,
    {
        self.admit()?;
        let connection = self.connection.read().unwrap_or_else(PoisonError::into_inner).clone();
        let connection = connection.ok_or(Fault::Resting)?;
        self.judge(within(self.limits.command, ask(connection)).await)
    }

    /// A connection of the caller's own, for what blocks in Redis: see [`blocking`](Self::blocking).
    ///
    /// # Errors
    /// There is no connection within [`Limits::create`].
    pub async fn dedicated(self: &Arc<Self>) -> Result<Connection, Fault> {
        self.admit()?;
        let link = Arc::clone(self);
        self.judge(self.at_home(async move { link.connect().await }).await)
    }

    /// One command on a [dedicated](Self::dedicated) connection, which may block in Redis for `block`.
    ///
    /// # Errors
    /// There is no answer within `block` and [`Limits::command`], or a refusal. Unless it was refused,
    /// the connection is of no more use.
    pub async fn blocking<T>(
        &self,
        block: Duration,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Fault> {
        self.judge(within(block + self.limits.command, answer).await)
    }

    /// A connection that listens on a channel. Messages that are published while it is away are
    /// lost: whoever must not miss one looks by other means too.
    ///
    /// # Errors
    /// There is no connection within [`Limits::create`], or no answer within [`Limits::command`].
    pub async fn subscribe(self: &Arc<Self>, channel: &str) -> Result<PubSub, Fault> {
        self.admit()?;
        let (link, channel) = (Arc::clone(self), channel.to_owned());
        let subscribed = self.at_home(async move {
            let mut pubsub = within(link.limits.create, link.topology.pubsub()).await?;
            within(link.limits.command, pubsub.subscribe(channel)).await?;
            Ok(pubsub)
        });
        self.judge(subscribed.await)
    }

    /// Counts, and whether Redis is asked now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counts.read(!self.breaker.is_open())
    }

    fn admit(self: &Arc<Self>) -> Result<(), Fault> {
        let advice = self.breaker.advice(self.now());
        if advice == Advice::Probe {
            let link = Arc::clone(self);
            self.runtime.spawn(async move { link.probe().await });
        }
        if advice == Advice::Ask {
            return Ok(());
        }
        self.counts.skipped();
        Err(Fault::Resting)
    }

    fn judge<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        match &answer {
            Ok(_) | Err(Fault::Refused(_)) => self.breaker.succeeded(),
            Err(fault) => self.failed(fault),
        }
        answer
    }

    fn failed(&self, fault: &Fault) {
        self.counts.failed();
        // Whoever only reads would go on as if all were well.
        let opened = match fault.is_read_only() {
            true => self.breaker.failed_for_good(self.now()),
            false => self.breaker.failed(self.now()),
        };
        if opened {
            self.counts.opened();
            self.tell(fault);
        }
    }

    /// Once, until it is well again.
    fn tell(&self, fault: &Fault) {
        if !self.is_told.swap(true, Relaxed) {
            tracing::warn!(%fault, "Redis cannot be used; {} does without it", self.purpose);
        }
    }

    /// A new connection must answer once before it takes the place of the old one.
    async fn probe(&self) {
        match self.connect().await {
            Ok(connection) => {
                *self.connection.write().unwrap_or_else(PoisonError::into_inner) = Some(connection);
                self.breaker.close(self.now());
                self.is_told.store(false, Relaxed);
                tracing::info!("Redis answers; {} uses it", self.purpose);
            }
            Err(fault) => {
                self.breaker.stay_open(self.now());
                self.tell(&fault);
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Fault> {
        let connecting = self.topology.connect(self.limits.create);
        let mut connection = within(self.limits.create, connecting).await?;
        match connection.0 {
            Kind::Server(_) => self.must_be_master(&mut connection).await?,
            Kind::Cluster(_) => {
                let ping = cmd("PING");
                within(self.limits.recycle, ping.exec_async(&mut connection)).await?;
            }
        }
        Ok(connection)
    }

    /// A replica answers PING as a master does. Whoever may not ask is answered as well.
    async fn must_be_master(&self, connection: &mut Connection) -> Result<(), Fault> {
        let role = cmd("ROLE");
        match within(self.limits.recycle, role.query_async(connection)).await {
            Ok(Value::Array(role)) if role.first() == Some(&Value::BulkString(b"slave".into())) => {
                Err(Fault::replica())
            }
            Ok(_) | Err(Fault::Refused(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn at_home<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        // It fails only if the runtime is shutting down.
        self.runtime.spawn(task).await.unwrap_or(Err(Fault::Resting))
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = RedisResult<T>>,
) -> Result<T, Fault> {
    timeout(limit, answer).await.map_err(|_| Fault::TooSlow)?.map_err(Fault::from)
}
