//! The table of samples.

use crate::db::schema::metric_samples;
use crate::db::{Conn, on_each};
use diesel::prelude::*;

/// A row. The time is in microseconds, the figures are JSON.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = metric_samples)]
pub(super) struct SampleRow {
    pub(super) at: i64,
    pub(super) node: String,
    pub(super) figures: String,
}

pub(super) fn insert(conn: &mut Conn, row: &SampleRow) -> QueryResult<usize> {
    Ok(on_each!(conn, |conn| {
        diesel::insert_into(metric_samples::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?
    }))
}

/// The times of which there are rows, in order: from `from` on, before `to`.
pub(super) fn times(conn: &mut Conn, from: i64, to: i64) -> QueryResult<Vec<i64>> {
    metric_samples::table
        .filter(metric_samples::at.ge(from))
        .filter(metric_samples::at.lt(to))
        .select(metric_samples::at)
        .distinct()
        .order(metric_samples::at)
        .load(conn)
}

/// The rows from the time `first` to the time `last`.
pub(super) fn between(conn: &mut Conn, first: i64, last: i64) -> QueryResult<Vec<SampleRow>> {
    metric_samples::table
        .filter(metric_samples::at.between(first, last))
        .order((metric_samples::at, metric_samples::node))
        .load(conn)
}

/// The oldest row's time.
pub(super) fn oldest(conn: &mut Conn) -> QueryResult<Option<i64>> {
    let oldest = metric_samples::table.select(metric_samples::at).order(metric_samples::at);
    oldest.first(conn).optional()
}

/// Deletes the rows before a time.
pub(super) fn delete(conn: &mut Conn, before: i64) -> QueryResult<usize> {
    diesel::delete(metric_samples::table.filter(metric_samples::at.lt(before))).execute(conn)
}
