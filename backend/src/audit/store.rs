//! Appending acts, and checking that what is derived from them still fits.

use super::{Act, AuditRecord, Outcome, Who};
use crate::db::schema::audit_events;
use crate::db::{Conn, DbError};
use crate::edge::note_done;
use crate::ledger::{Appender, Erasure, LedgerError, Log, Sealed};
use crate::state::AppState;
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;

#[derive(Debug, PartialEq, Insertable, Queryable)]
#[diesel(table_name = audit_events)]
struct AuditRow {
    ledger_index: i64,
    project_id: Option<String>,
    occurred_at: i64,
    actor: String,
    action: String,
}

impl AuditRow {
    fn of(record: &AuditRecord, ledger_index: i64) -> Result<Self, serde_json::Error> {
        let act = serde_json::to_value(&record.act)?;
        let action = act.get("action").and_then(serde_json::Value::as_str).unwrap_or_default();
        Ok(Self {
            ledger_index,
            project_id: record.project_id.clone(),
            occurred_at: record.occurred_at.micros(),
            actor: record.actor.label(),
            action: action.to_owned(),
        })
    }
}

/// Seals an act. The audit log stays locked until the transaction ends, so call it last.
///
/// # Errors
/// The database, or the log is not what we signed.
pub fn append(
    conn: &mut Conn,
    state: &AppState,
    who: impl Into<Who>,
    project_id: Option<&str>,
    act: Act,
) -> Result<(), LedgerError> {
    seal(conn, state, who.into(), project_id, act).map(drop)
}

/// As [`append`]; the record as it is sealed, to [`tell`] of it once the transaction is committed.
///
/// # Errors
/// The database, or the log is not what we signed.
pub fn seal(
    conn: &mut Conn,
    state: &AppState,
    who: Who,
    project_id: Option<&str>,
    act: Act,
) -> Result<String, LedgerError> {
    let record = AuditRecord::new(state.clock.now(), who, project_id, act);
    let unwritable = |error| LedgerError::inconsistent(Log::Audit, error);
    let json = serde_json_canonicalizer::to_string(&record).map_err(unwritable)?;
    let mut appender = Appender::lock(conn, &state.signers, Log::Audit)?;
    let index = appender.push(Sealed::new(json.clone()));
    appender.finish(conn)?;
    let row = AuditRow::of(&record, index as i64).map_err(unwritable)?;
    diesel::insert_into(audit_events::table).values(row).execute(conn)?;
    Ok(json)
}

/// Does something and seals it, in one transaction, in which it is noted for whoever repeats the request;
/// nothing is sealed if there was nothing to do. Once that is committed, the log stream tells of it too,
/// under the target `audit`.
///
/// # Errors
/// What `body` says, or the database; nothing is done or told then.
pub async fn write<T, A, E>(
    state: &AppState,
    who: impl Into<Who>,
    project_id: Option<&str>,
    body: impl FnOnce(&mut Conn) -> Result<(T, A), E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    A: Into<Option<Act>>,
    E: From<DbError> + From<LedgerError> + Send + 'static,
{
    let (inner, who, project_id) = (state.clone(), who.into(), project_id.map(str::to_owned));
    let sealed = state.db.write(move |conn| {
        let (value, act) = body(conn)?;
        let act: Option<Act> = act.into();
        let is_done = act.as_ref().is_some_and(|act| act.outcome() == Outcome::Done);
        if let (true, Some(turn)) = (is_done, &who.turn) {
            note_done(conn, turn, inner.clock.now())?;
        }
        let seal = |act| seal(conn, &inner, who, project_id.as_deref(), act);
        Ok::<_, E>((value, act.map(seal).transpose()?))
    });
    let (value, record) = sealed.await?;
    if let Some(record) = record {
        tell(&record);
    }
    Ok(value)
}

/// Tells the log stream of a record that is sealed and committed.
pub fn tell(record: &str) {
    tracing::info!(target: "audit", record, "sealed");
}

/// The erasures that the audit log has sealed.
///
/// # Errors
/// The database.
pub fn sealed_erasures(conn: &mut Conn) -> Result<Vec<Erasure>, LedgerError> {
    let indexes: Vec<i64> = audit_events::table
        .filter(audit_events::action.eq("project_erased"))
        .order(audit_events::ledger_index)
        .select(audit_events::ledger_index)
        .load(conn)?;
    let records = crate::ledger::records(conn, Log::Audit, &indexes)?;
    let erasures = records.iter().filter_map(|(_, record)| {
        match serde_json::from_str::<AuditRecord>(record).ok()?.act {
            Act::ProjectErased { erasure } => Some(erasure),
            _ => None,
        }
    });
    Ok(erasures.collect())
}

/// Checks `audit_events` against the sealed records, one stretch of the log at a time.
#[derive(Debug, Default)]
pub struct Checker;

impl Checker {
    /// The faults in one stretch.
    ///
    /// # Errors
    /// The database.
    pub fn check(
        &mut self,
        conn: &mut Conn,
        range: &Range<i64>,
        records: &[(i64, String)],
    ) -> Result<Vec<String>, LedgerError> {
        let rows: Vec<AuditRow> = audit_events::table
            .filter(audit_events::ledger_index.ge(range.start))
            .filter(audit_events::ledger_index.lt(range.end))
            .load(conn)?;
        let mut rows: BTreeMap<i64, AuditRow> =
            rows.into_iter().map(|row| (row.ledger_index, row)).collect();
        let mut faults = Vec::new();
        for (index, json) in records {
            let sealed =
                serde_json::from_str(json).and_then(|record| AuditRow::of(&record, *index));
            if rows.remove(index) != sealed.ok() {
                faults.push(format!("The audit event {index} is not what its record says."));
            }
        }
        faults.extend(rows.keys().map(|index| format!("The audit event {index} has no record.")));
        Ok(faults)
    }

    /// The faults outside all stretches: rows beyond the log's end.
    ///
    /// # Errors
    /// The database.
    pub fn finish(self, conn: &mut Conn, size: i64) -> Result<Vec<String>, LedgerError> {
        let outside = audit_events::ledger_index.ge(size).or(audit_events::ledger_index.lt(0));
        let rows: Vec<i64> = audit_events::table
            .filter(outside)
            .select(audit_events::ledger_index)
            .limit(100)
            .load(conn)?;
        Ok(rows.iter().map(|index| format!("The audit event {index} has no record.")).collect())
    }
}
