//! One connection type over both databases, and how each is opened.

use diesel::connection::{AnsiTransactionManager, CacheSize, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};

/// A connection to whichever database `DATABASE_URL` names.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Runs the same body on the concrete connection, for what Diesel cannot say over both:
/// batch inserts, `ON CONFLICT`.
macro_rules! on_each {
    ($conn:expr, |$inner:ident| $body:expr) => {
        match $conn {
            $crate::db::Conn::Pg($inner) => $body,
            $crate::db::Conn::Sqlite($inner) => $body,
        }
    };
}
pub(crate) use on_each;

/// Inserts a slice of rows the fastest way there is: `COPY` on PostgreSQL; on SQLite, statements of a
/// fixed length, which are parsed once and cached.
macro_rules! insert_rows {
    ($conn:expr, $table:expr, $rows:expr) => {
        match $conn {
            $crate::db::Conn::Pg(conn) => {
                diesel::copy_from($table).from_insertable($rows).execute(conn)?;
            }
            $crate::db::Conn::Sqlite(conn) => {
                let (chunks, rest) = $rows.as_chunks::<16>();
                for rows in chunks {
                    diesel::insert_into($table).values(rows).execute(conn)?;
                }
                for row in rest {
                    diesel::insert_into($table).values(row).execute(conn)?;
                }
            }
        }
    };
}
pub(crate) use insert_rows;

/// Which database a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `postgres://` or `postgresql://`.
    Postgres,
    /// `sqlite://`.
    Sqlite,
}

impl Kind {
    /// `None` for any other scheme.
    pub fn of(url: &str) -> Option<Self> {
        match url.split_once("://")?.0 {
            "postgres" | "postgresql" => Some(Self::Postgres),
            "sqlite" => Some(Self::Sqlite),
            _ => None,
        }
    }
}

/// How a transaction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
}

/// Opens connections for the pool.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) kind: Kind,
    pub(super) url: String,
}

/// WAL with full sync: a commit is on the disk before it is acknowledged. The wait for another
/// process's lock stays below the second after which a request is refused.
pub(super) const SQLITE_SETTINGS: &str = "
    PRAGMA page_size = 8192;
    PRAGMA busy_timeout = 900;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -8192;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA wal_autocheckpoint = 8000;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;";

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Conn, Self::Error> {
        match self.kind {
            Kind::Sqlite => {
                let path = sqlite_path(&self.url);
                keep_to_owner(path);
                let mut conn = SqliteConnection::establish(path)?;
                let settle = conn.batch_execute(SQLITE_SETTINGS);
                settle.map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Sqlite(conn))
            }
            Kind::Postgres => {
                let mut conn = PgConnection::establish(&impatient(&self.url))?;
                // Named statements belong to one server connection, and PgBouncer in transaction
                // mode gives a new one with each transaction.
                conn.set_prepared_statement_cache_size(CacheSize::Disabled);
                Ok(Conn::Pg(conn))
            }
        }
    }

    /// Nothing: the transaction that follows finds out, and asking costs a round trip.
    fn is_valid(&self, _conn: &mut Conn) -> Result<(), Self::Error> {
        Ok(())
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        on_each!(conn, |conn| is_broken(conn))
    }
}

/// The file that an SQLite URL names.
pub(super) fn sqlite_path(url: &str) -> &str {
    url.strip_prefix("sqlite://").unwrap_or(url)
}

/// Makes a database file that is not there yet, for its owner's eyes alone. What cannot be made is
/// told by SQLite, in opening it.
fn keep_to_owner(path: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

/// The URL with libpq's time limits, where it has none of its own: a server that is gone is noticed
/// in seconds, not in the two hours of TCP's defaults.
fn impatient(url: &str) -> String {
    const LIMITS: [(&str, &str); 5] = [
        ("connect_timeout", "3"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
    ];
    let mut url = url.to_owned();
    for (name, value) in LIMITS {
        if !url.contains(name) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{separator}{name}={value}"));
        }
    }
    url
}

fn is_broken<C>(conn: &mut C) -> bool
where
    C: Connection<TransactionManager = AnsiTransactionManager>,
{
    AnsiTransactionManager::is_broken_transaction_manager(conn)
}

/// Runs `body` in one transaction. On SQLite a writer takes the write lock at once: a reader that
/// turns writer midway fails when another wrote in between. On PostgreSQL the time limits stand in
/// the transaction, since PgBouncer hands session settings to strangers. All that one reading
/// transaction sees is of one moment, on both.
pub(super) fn transaction<T, E: From<super::DbError>>(
    conn: &mut Conn,
    mode: Mode,
    body: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    let begun = match (&mut *conn, mode) {
        (Conn::Pg(pg), Mode::Read) => begin(
            pg,
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
             SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '1s'",
        ),
        (Conn::Pg(pg), Mode::Write) => {
            begin(pg, "BEGIN; SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '5s'")
        }
        (Conn::Sqlite(sqlite), Mode::Read) => begin(sqlite, "BEGIN"),
        (Conn::Sqlite(sqlite), Mode::Write) => begin(sqlite, "BEGIN IMMEDIATE"),
    };
    begun.map_err(super::DbError::from)?;
    match body(conn) {
        Ok(value) => {
            let committed = on_each!(conn, |conn| AnsiTransactionManager::commit_transaction(conn));
            committed.map_err(super::DbError::from)?;
            Ok(value)
        }
        Err(error) => {
            // The first error is the one to tell; a connection that cannot roll back is broken,
            // and the pool drops it.
            let _ = on_each!(conn, |conn| AnsiTransactionManager::rollback_transaction(conn));
            Err(error)
        }
    }
}

fn begin<C>(conn: &mut C, sql: &str) -> QueryResult<()>
where
    C: Connection<TransactionManager = AnsiTransactionManager>,
{
    AnsiTransactionManager::begin_transaction_sql(conn, sql)
}
