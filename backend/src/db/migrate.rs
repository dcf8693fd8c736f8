//! The schema's migrations, embedded for both databases.

use super::{Conn, DbError};
use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");

/// Any number that no other user of the same database is likely to lock on.
const ADVISORY_LOCK: i64 = 7_201_154_312_011;

/// A migration and whether it has run.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// Its version and name.
    pub name: String,
    /// Whether it has run.
    pub applied: bool,
}

/// Runs all migrations that have not run yet. Two processes at once never race: one waits for the
/// other, then finds nothing to do.
///
/// # Errors
/// The database is unavailable, or a migration failed; nothing is changed then.
pub fn up(conn: &mut Conn) -> Result<Vec<String>, DbError> {
    alone(conn, |conn| match conn {
        Conn::Pg(conn) => run(conn, POSTGRES),
        Conn::Sqlite(conn) => run(conn, SQLITE),
    })
}

/// Takes the newest migration back.
///
/// # Errors
/// The database is unavailable, or there is none to take back.
pub fn down(conn: &mut Conn) -> Result<String, DbError> {
    alone(conn, |conn| match conn {
        Conn::Pg(conn) => revert(conn, POSTGRES),
        Conn::Sqlite(conn) => revert(conn, SQLITE),
    })
}

/// All migrations in order. Looks only, so that whoever may not change the schema can ask.
///
/// # Errors
/// The database is unavailable.
pub fn status(conn: &mut Conn) -> Result<Vec<Step>, DbError> {
    let applied = applied(conn)?;
    match conn {
        Conn::Pg(_) => steps::<Pg>(&POSTGRES, &applied),
        Conn::Sqlite(_) => steps::<Sqlite>(&SQLITE, &applied),
    }
}

mod diesels {
    diesel::table! {
        __diesel_schema_migrations (version) {
            version -> Text,
        }
    }
}

/// The versions that have run. Diesel's own way to ask makes their table if it is not there.
fn applied(conn: &mut Conn) -> Result<Vec<String>, DbError> {
    let there = match conn {
        Conn::Pg(_) => sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL"),
        Conn::Sqlite(_) => sql::<Bool>(
            "EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations')",
        ),
    };
    if !diesel::select(there).get_result(conn)? {
        return Ok(Vec::new());
    }
    use diesels::__diesel_schema_migrations as m;
    Ok(m::table.select(m::version).load(conn)?)
}

/// Runs `work` in one transaction that holds the migrations' lock.
fn alone<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, DbError>,
) -> Result<T, DbError> {
    if let Conn::Sqlite(sqlite) = conn {
        sqlite.batch_execute("PRAGMA busy_timeout = 60000")?;
    }
    let outcome = super::conn::transaction(conn, super::conn::Mode::Write, |conn| {
        if let Conn::Pg(pg) = conn {
            pg.batch_execute("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0")?;
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(ADVISORY_LOCK)
                .execute(pg)?;
        }
        work(conn)
    });
    if let Conn::Sqlite(sqlite) = conn {
        sqlite.batch_execute(super::file::SQLITE_SETTINGS)?;
    }
    outcome
}

fn run<C: MigrationHarness<DB>, DB: Backend>(
    conn: &mut C,
    source: EmbeddedMigrations,
) -> Result<Vec<String>, DbError> {
    let versions = conn.run_pending_migrations(source).map_err(|e| failed(&*e))?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

fn revert<C: MigrationHarness<DB>, DB: Backend>(
    conn: &mut C,
    source: EmbeddedMigrations,
) -> Result<String, DbError> {
    conn.revert_last_migration(source).map(|v| v.to_string()).map_err(|e| failed(&*e))
}

fn steps<DB: Backend>(
    source: &impl MigrationSource<DB>,
    applied: &[String],
) -> Result<Vec<Step>, DbError> {
    let mut steps: Vec<Step> = source
        .migrations()
        .map_err(|e| failed(&*e))?
        .iter()
        .map(|migration| Step {
            name: migration.name().to_string(),
            applied: applied.contains(&migration.name().version().to_string()),
        })
        .collect();
    steps.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(steps)
}

fn failed(error: &dyn std::error::Error) -> DbError {
    DbError::Unavailable(format!("migration: {error}"))
}
