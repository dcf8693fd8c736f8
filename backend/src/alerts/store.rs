//! The table of alerts.

use super::rules::Finding;
use crate::db::schema::alerts;
use crate::db::{Conn, on_each};
use diesel::prelude::*;
use hardening::limits::RouteClass as _;

/// A row. Times are microseconds, the value is in thousandths.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = alerts)]
pub(super) struct AlertRow {
    pub(super) id: String,
    pub(super) fingerprint: String,
    pub(super) alert: String,
    pub(super) severity: String,
    pub(super) class: Option<String>,
    pub(super) node: Option<String>,
    pub(super) summary: String,
    pub(super) value_milli: i64,
    pub(super) raised_at: i64,
    pub(super) seen_at: i64,
    pub(super) resolved_at: Option<i64>,
}

impl AlertRow {
    /// What is to be stored of an alert that fires.
    pub(super) fn new(id: String, finding: &Finding, node: &str, now: i64) -> Self {
        Self {
            id,
            fingerprint: finding.fingerprint(node),
            alert: finding.alert.name().to_owned(),
            severity: finding.alert.severity().to_owned(),
            class: finding.class.map(|class| class.name().to_owned()),
            node: finding.alert.is_of_node().then(|| node.to_owned()),
            summary: finding.alert.summary().to_owned(),
            value_milli: (finding.value * 1000.0) as i64,
            raised_at: now,
            seen_at: now,
            resolved_at: None,
        }
    }
}

/// Raises an alert, or notes that it still fires. Whether it was raised by this: of all who find it
/// at once, one does.
pub(super) fn raise(conn: &mut Conn, row: &AlertRow) -> QueryResult<bool> {
    let raised = on_each!(conn, |conn| {
        diesel::insert_into(alerts::table).values(row).on_conflict_do_nothing().execute(conn)?
    });
    if raised == 0 {
        diesel::update(firing(&row.fingerprint))
            .set(alerts::seen_at.eq(row.seen_at))
            .execute(conn)?;
    }
    Ok(raised == 1)
}

/// Resolves an alert. Whether it was resolved by this.
pub(super) fn resolve(conn: &mut Conn, fingerprint: &str, now: i64) -> QueryResult<bool> {
    let resolved =
        diesel::update(firing(fingerprint)).set(alerts::resolved_at.eq(now)).execute(conn)?;
    Ok(resolved == 1)
}

/// Resolves the alerts of which nobody has said since `before` that they fire: how many.
pub(super) fn resolve_forgotten(conn: &mut Conn, before: i64, now: i64) -> QueryResult<usize> {
    let forgotten =
        alerts::table.filter(alerts::resolved_at.is_null()).filter(alerts::seen_at.lt(before));
    diesel::update(forgotten).set(alerts::resolved_at.eq(now)).execute(conn)
}

/// Deletes the alerts that are resolved and were raised before a time, in microseconds: how many.
///
/// # Errors
/// The database.
pub fn forget(conn: &mut Conn, before: i64) -> QueryResult<usize> {
    let old = alerts::table
        .filter(alerts::resolved_at.is_not_null())
        .filter(alerts::raised_at.lt(before));
    diesel::delete(old).execute(conn)
}

/// When the oldest alert that is resolved was raised, in microseconds.
///
/// # Errors
/// The database.
pub fn oldest_resolved(conn: &mut Conn) -> QueryResult<Option<i64>> {
    let resolved = alerts::table.filter(alerts::resolved_at.is_not_null());
    resolved.select(diesel::dsl::min(alerts::raised_at)).first(conn)
}

/// Alerts that were raised from `from` on and before `to`, oldest first, that fire or do not.
pub(super) fn raised_between(
    conn: &mut Conn,
    (from, to): (i64, i64),
    fires: Option<bool>,
) -> QueryResult<Vec<AlertRow>> {
    let mut query = alerts::table
        .filter(alerts::raised_at.ge(from))
        .filter(alerts::raised_at.lt(to))
        .order(alerts::id)
        .into_boxed();
    match fires {
        Some(true) => query = query.filter(alerts::resolved_at.is_null()),
        Some(false) => query = query.filter(alerts::resolved_at.is_not_null()),
        None => {}
    }
    query.load(conn)
}

/// Alerts, newest first, that fire or do not; those after the id `after`, `limit` at most.
pub(super) fn list(
    conn: &mut Conn,
    fires: Option<bool>,
    after: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<AlertRow>> {
    // Ids are ordered by time.
    let mut query = alerts::table.order(alerts::id.desc()).limit(limit).into_boxed();
    match fires {
        Some(true) => query = query.filter(alerts::resolved_at.is_null()),
        Some(false) => query = query.filter(alerts::resolved_at.is_not_null()),
        None => {}
    }
    if let Some(after) = after {
        query = query.filter(alerts::id.lt(after));
    }
    query.load(conn)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn firing<'a>(fingerprint: &'a str) -> _ {
    alerts::table.filter(alerts::fingerprint.eq(fingerprint)).filter(alerts::resolved_at.is_null())
}
