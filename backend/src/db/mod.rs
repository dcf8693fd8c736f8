//! The database: one pool and two doors, [`Db::read`] and [`Db::write`].
//!
//! Each takes a permit first, so that requests wait as cheap futures; a wait of more than a second is
//! refused. Then one closure runs on one of the door's threads, in one transaction.

mod address;
mod conn;
mod door;
mod file;
pub mod migrate;
mod pool;
pub mod schema;

pub use conn::{Conn, Kind};
pub(crate) use conn::{insert_rows, on_each};

mod sole;
mod sums;
pub use sole::take_alone;
pub(crate) use sums::{count_if, sum_of};

use crate::telemetry::Registry;
use crate::threads::Niceness;
use conn::Mode;
use door::Door;
use pool::{Lent, Manager};
use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What can go wrong between us and the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection within the time allowed, or the database does not answer. Worth trying again.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A text holds U+0000, which PostgreSQL does not store.
    #[error("a text holds a character that cannot be stored")]
    Unstorable,
    /// Anything else that the database said.
    #[error(transparent)]
    Query(diesel::result::Error),
}

impl From<diesel::result::Error> for DbError {
    fn from(error: diesel::result::Error) -> Self {
        match &error {
            error if is_transient(error) => Self::Unavailable(error.to_string()),
            diesel::result::Error::DatabaseError(_, info) if info.message().contains(NUL) => {
                Self::Unstorable
            }
            _ => Self::Query(error),
        }
    }
}

/// What PostgreSQL says of U+0000 in a text.
const NUL: &str = "invalid byte sequence for encoding";

/// How long a command waits for a connection: long enough for another process to make the file.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a request waits for its turn, and for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

/// A handle to the database, cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: r2d2::Pool<Manager>,
    readers: Arc<Door>,
    writers: Arc<Door>,
    kind: Kind,
    /// It may hold a password: never to be printed.
    url: Arc<str>,
    away: Arc<AtomicBool>,
    metrics: Arc<Metrics>,
}

struct Metrics {
    connections: IntGauge,
    idle: IntGauge,
    timeouts: IntCounter,
    wait: Histogram,
}

impl Db {
    /// A pool of at most `size` connections, opened when first needed.
    ///
    /// # Errors
    /// The URL names no database that we know, or a metric is registered twice.
    pub fn open(url: &str, size: u32, registry: &Registry) -> Result<Self, String> {
        let kind = Kind::of(url).ok_or("DATABASE_URL must start with sqlite:// or postgres://")?;
        if kind == Kind::Postgres && !address::is_sound(url) {
            return Err("DATABASE_URL cannot be read: in its user name and password, blanks and \
                        characters such as / ? @ : % must be percent-encoded, as %2F for /, and \
                        behind ? so must = and & in a value"
                .to_owned());
        }
        let pool = r2d2::Pool::builder()
            .max_size(size.max(2))
            .min_idle(Some(0))
            .connection_timeout(ACQUIRE_TIMEOUT)
            .error_handler(Box::new(LogError))
            .build_unchecked(Manager::new(kind, url));
        // SQLite has one writer; more would only wait for each other inside the database.
        let writers = if kind == Kind::Sqlite { 1 } else { (size as usize / 2).max(1) };
        let readers = (size as usize - writers).max(1);
        Ok(Self {
            pool,
            readers: Arc::new(Door::new("read", readers, Niceness::READING)),
            writers: Arc::new(Door::new("write", writers, Niceness::RECORDING)),
            kind,
            url: url.into(),
            away: Arc::default(),
            metrics: Arc::new(Metrics::new(registry).map_err(|error| error.to_string())?),
        })
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it did not answer whoever tries again and again, when it last tried. Others may save
    /// themselves the wait, if they can do without.
    pub fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// Tells so. For the one task that keeps trying.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    /// Runs `body` in a transaction that only reads.
    ///
    /// # Errors
    /// What `body` says, or that the database is unavailable.
    pub async fn read<T, E>(
        &self,
        body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(&self.readers, Mode::Read, body).await
    }

    /// Runs `body` in a transaction that writes.
    ///
    /// # Errors
    /// What `body` says, or that the database is unavailable; nothing is written then.
    pub async fn write<T, E>(
        &self,
        body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(&self.writers, Mode::Write, body).await
    }

    /// A connection for a command that has no runtime, outside any transaction.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn connect(&self) -> Result<impl std::ops::DerefMut<Target = Conn> + use<>, DbError> {
        let pooled = self.pool.get_timeout(COMMAND_TIMEOUT);
        pooled.map(Lent).map_err(|error| DbError::Unavailable(error.to_string()))
    }

    /// For commands that only find what there is: an SQLite file that is not there is not made.
    ///
    /// # Errors
    /// There is no such file.
    pub fn must_exist(&self) -> Result<(), DbError> {
        match self.kind {
            Kind::Sqlite if !std::path::Path::new(file::path_of(&self.url)).exists() => {
                let path = file::path_of(&self.url);
                Err(DbError::Unavailable(format!(
                    "there is no file {path}; set DATABASE_URL or RESEARCHFLOW_DATA_DIR"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Updates the pool's gauges; called when metrics are read.
    pub fn observe(&self) {
        let state = self.pool.state();
        self.metrics.connections.set(i64::from(state.connections));
        self.metrics.idle.set(i64::from(state.idle_connections));
    }

    async fn run<T, E>(
        &self,
        door: &Door,
        mode: Mode,
        body: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let waited = self.metrics.wait.start_timer();
        let turn = door.turn(ACQUIRE_TIMEOUT).await;
        waited.observe_duration();
        let Some(turn) = turn else {
            self.metrics.timeouts.inc();
            return Err(DbError::Unavailable("all connections are busy".to_owned()).into());
        };
        let pool = self.pool.clone();
        let work = move || {
            let pooled = pool.get();
            let mut pooled = pooled.map_err(|error| DbError::Unavailable(error.to_string()))?;
            pooled.transaction(mode, body)
        };
        door.run(turn, work).await
    }
}

/// Runs `body` in a transaction that writes, for commands without a runtime.
///
/// # Errors
/// What `body` says, or the database.
pub fn write<T, E: From<DbError>>(
    conn: &mut Conn,
    body: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    conn::transaction(conn, Mode::Write, body)
}

/// Runs `body` in a transaction that only reads, for commands without a runtime.
///
/// # Errors
/// What `body` says, or the database.
pub fn read<T, E: From<DbError>>(
    conn: &mut Conn,
    body: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    conn::transaction(conn, Mode::Read, body)
}

impl Metrics {
    fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            connections: registry
                .add(IntGauge::new("researchflow_db_connections", "Open connections."))?,
            idle: registry.add(IntGauge::new(
                "researchflow_db_connections_idle",
                "Connections not in use.",
            ))?,
            timeouts: registry.add(IntCounter::new(
                "researchflow_db_acquire_timeouts_total",
                "Requests refused since no connection was free within a second.",
            ))?,
            wait: registry.add(Histogram::with_opts(
                HistogramOpts::new("researchflow_db_acquire_seconds", "Wait for a connection.")
                    .buckets(vec![0.000_1, 0.001, 0.01, 0.1, 0.5, 1.0]),
            ))?,
        })
    }
}

#[derive(Debug)]
struct LogError;

impl r2d2::HandleError<diesel::ConnectionError> for LogError {
    fn handle_error(&self, error: diesel::ConnectionError) {
        tracing::warn!(%error, "cannot connect to the database");
    }
}

/// Whether the same work may succeed a little later: the database is locked, restarting, out of
/// reach, overloaded, or chose this transaction as a conflict's victim.
fn is_transient(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind as Kind, Error};
    const SIGNS: [&str; 17] = [
        "attempt to write a readonly database",
        "database is locked",
        "database table is locked",
        "database or disk is full",
        "disk I/O error",
        "unable to open database file",
        "statement timeout",
        "lock timeout",
        "deadlock detected",
        "terminating connection",
        "the database system is",
        "server closed the connection",
        "connection to server",
        "no connection to the server",
        "could not receive data",
        "could not send data",
        "No space left on device",
    ];
    match error {
        Error::DatabaseError(
            Kind::ClosedConnection
            | Kind::UnableToSendCommand
            | Kind::SerializationFailure
            | Kind::ReadOnlyTransaction,
            _,
        )
        | Error::BrokenTransactionManager => true,
        Error::DatabaseError(_, info) => SIGNS.iter().any(|sign| info.message().contains(sign)),
        Error::RollbackErrorOnCommit { commit_error, .. } => is_transient(commit_error),
        _ => false,
    }
}
