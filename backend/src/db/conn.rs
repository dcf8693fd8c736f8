//! One connection type over both databases, and how each is opened.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
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
