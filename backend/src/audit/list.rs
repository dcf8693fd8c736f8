//! Finding acts in the trail.

use super::{ActName, Actor};
use crate::db::Conn;
use crate::db::schema::audit_events;
use diesel::prelude::*;

/// Which acts are meant.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this project, by id.
    pub project_id: Option<String>,
    /// By this actor.
    pub actor: Option<Actor>,
    /// Of this name.
    pub action: Option<ActName>,
    /// Microseconds, inclusive.
    pub from: Option<i64>,
    /// Microseconds, exclusive.
    pub to: Option<i64>,
}

/// The time and ledger index of acts, newest first: those after the place `after`, `limit` at most.
///
/// # Errors
/// The database.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    after: Option<(i64, i64)>,
    limit: i64,
) -> QueryResult<Vec<(i64, i64)>> {
    let mut query = audit_events::table
        .select((audit_events::occurred_at, audit_events::ledger_index))
        .order((audit_events::occurred_at.desc(), audit_events::ledger_index.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(project_id) = &filter.project_id {
        query = query.filter(audit_events::project_id.eq(project_id));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_events::actor.eq(actor.label()));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit_events::action.eq(action.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_events::occurred_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_events::occurred_at.lt(to));
    }
    if let Some((time, index)) = after {
        // The first condition lets the index find the place, the second is exact within it.
        query = query
            .filter(audit_events::occurred_at.le(time))
            .filter(audit_events::occurred_at.lt(time).or(audit_events::ledger_index.lt(index)));
    }
    query.load(conn)
}
