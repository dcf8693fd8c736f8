//! The tables of the feed: cursor, rollups, documents, leases.

use super::error::InsightsError;
use super::rollup::{KeyDigest, RollupRow};
use crate::db::schema::{cost_rollups, insights_cursors, insights_documents, insights_leases};
use crate::db::{Conn, on_each};
use bus::{Cursor, Document};
use diesel::prelude::*;
use diesel::upsert::excluded;

/// The cursor of those who keep the rollups.
const WORKERS: &str = "workers";

/// SQLite takes at most 32,766 values in a statement, PostgreSQL 65,535.
const ROWS: usize = 500;

/// Which invocations the rollups hold.
pub(super) fn cursor(conn: &mut Conn) -> Result<Cursor, InsightsError> {
    let text: String =
        insights_cursors::table.find(WORKERS).select(insights_cursors::cursor).first(conn)?;
    Ok(text.parse()?)
}

/// The same, locked until the transaction ends: whoever changes rollups comes by here first.
pub(super) fn lock_cursor(conn: &mut Conn) -> Result<Cursor, InsightsError> {
    let row = insights_cursors::table.find(WORKERS).select(insights_cursors::cursor);
    let text: String = match conn {
        Conn::Pg(conn) => row.for_update().first(conn)?,
        // A write transaction on SQLite holds the only lock there is.
        Conn::Sqlite(conn) => row.first(conn)?,
    };
    Ok(text.parse()?)
}

pub(super) fn save_cursor(conn: &mut Conn, cursor: &Cursor) -> QueryResult<()> {
    diesel::update(insights_cursors::table.find(WORKERS))
        .set(insights_cursors::cursor.eq(cursor.to_string()))
        .execute(conn)?;
    Ok(())
}

/// The rollups that are there of those with these digests.
pub(super) fn rollups(conn: &mut Conn, digests: &[KeyDigest]) -> QueryResult<Vec<RollupRow>> {
    let mut found = Vec::new();
    for some in digests.chunks(ROWS) {
        let rows: Vec<RollupRow> = cost_rollups::table
            .filter(cost_rollups::digest.eq_any(some))
            .select(cost_rollups::all_columns)
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Every rollup of a project or of all, by digest.
pub(super) fn all_rollups(conn: &mut Conn) -> QueryResult<Vec<RollupRow>> {
    cost_rollups::table.select(cost_rollups::all_columns).load(conn)
}

/// Writes rollups, in the place of those with the same keys.
pub(super) fn put_rollups(conn: &mut Conn, rows: &[RollupRow]) -> QueryResult<()> {
    use cost_rollups as c;
    for some in rows.chunks(ROWS) {
        on_each!(&mut *conn, |conn| {
            diesel::insert_into(c::table)
                .values(some)
                .on_conflict(c::digest)
                .do_update()
                .set((
                    c::invocations.eq(excluded(c::invocations)),
                    c::errors.eq(excluded(c::errors)),
                    c::input_tokens.eq(excluded(c::input_tokens)),
                    c::output_tokens.eq(excluded(c::output_tokens)),
                    c::cache_read_tokens.eq(excluded(c::cache_read_tokens)),
                    c::cache_write_tokens.eq(excluded(c::cache_write_tokens)),
                    c::reasoning_tokens.eq(excluded(c::reasoning_tokens)),
                    c::cost_nano_usd.eq(excluded(c::cost_nano_usd)),
                    c::unpriced.eq(excluded(c::unpriced)),
                ))
                .execute(conn)?
        });
    }
    Ok(())
}

/// Erases so many of a project's rollups at most, which nobody else changes until this transaction
/// ends. Each is of an invocation at least.
///
/// # Errors
/// The database.
pub fn erase(conn: &mut Conn, project_id: &str, most: usize) -> Result<(), InsightsError> {
    // A worker that adds up rows of the project is done with it, or finds no rows any more.
    lock_cursor(conn)?;
    let digests: Vec<KeyDigest> = cost_rollups::table
        .filter(cost_rollups::project_id.eq(project_id))
        .select(cost_rollups::digest)
        .limit(most as i64)
        .load(conn)?;
    for some in digests.chunks(ROWS) {
        diesel::delete(cost_rollups::table.filter(cost_rollups::digest.eq_any(some)))
            .execute(conn)?;
    }
    Ok(())
}

/// A text that several processes change.
pub(super) fn document(conn: &mut Conn, name: &str) -> QueryResult<Option<Document>> {
    let row: Option<(i64, String)> = insights_documents::table
        .find(name)
        .select((insights_documents::version, insights_documents::body))
        .first(conn)
        .optional()?;
    Ok(row.map(|(version, text)| Document { version: version as u64, text }))
}

/// Stores it if what is there is still the version `expected`. Whether it was.
pub(super) fn swap_document(
    conn: &mut Conn,
    name: &str,
    expected: Option<u64>,
    text: &str,
) -> QueryResult<bool> {
    use insights_documents as d;
    let changed = match expected {
        Some(version) => {
            let version = version as i64;
            diesel::update(d::table.find(name).filter(d::version.eq(version)))
                .set((d::version.eq(version + 1), d::body.eq(text)))
                .execute(conn)?
        }
        None => on_each!(conn, |conn| {
            diesel::insert_into(d::table)
                .values((d::name.eq(name), d::version.eq(1), d::body.eq(text)))
                .on_conflict_do_nothing()
                .execute(conn)?
        }),
    };
    Ok(changed == 1)
}

/// The longest that a lease is taken for, in microseconds, and clocks may be apart: one that ends later
/// than this was taken by a clock that was wrong.
const LONGEST_LEASE: i64 = 60 * 1_000_000;

/// Takes a lease or makes it longer, unless somebody else has it. Times are in microseconds.
pub(super) fn take_lease(
    conn: &mut Conn,
    name: &str,
    holder: &str,
    (now, until): (i64, i64),
) -> QueryResult<bool> {
    use insights_leases as l;
    let over = l::until.lt(now).or(l::until.gt(now + LONGEST_LEASE));
    let free = l::table.find(name).filter(l::holder.eq(holder).or(over));
    let taken =
        diesel::update(free).set((l::holder.eq(holder), l::until.eq(until))).execute(conn)?;
    if taken == 1 {
        return Ok(true);
    }
    let row = (l::name.eq(name), l::holder.eq(holder), l::until.eq(until));
    let made = on_each!(conn, |conn| {
        diesel::insert_into(l::table).values(row).on_conflict_do_nothing().execute(conn)?
    });
    Ok(made == 1)
}

/// Gives a lease back.
pub(super) fn give_lease(conn: &mut Conn, name: &str, holder: &str) -> QueryResult<()> {
    use insights_leases as l;
    let mine = l::table.find(name).filter(l::holder.eq(holder));
    on_each!(conn, |conn| diesel::delete(mine).execute(conn)?);
    Ok(())
}
