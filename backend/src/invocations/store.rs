//! The tables of invocations.

use super::batcher::Receipt;
use super::facts::{self, Facts, LabelRow};
use super::intake::Prepared;
use crate::db::schema::{invocation_labels, invocations, runs};
use crate::db::{Conn, insert_rows, on_each};
use crate::ledger::{Appender, Erasure, LedgerError, Log};
use crate::signers::Signers;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use invocation::Record;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

/// What became of events.
pub(super) struct Stored {
    /// A receipt for each, grouped as they came.
    pub(super) receipts: Vec<Vec<Receipt>>,
    /// Those that are new.
    pub(super) new: Vec<Facts>,
}

/// Stores events in one transaction with their ledger leaves. An event id that is known keeps its
/// first record.
pub(super) fn insert(
    conn: &mut Conn,
    signers: &Signers,
    groups: Vec<Vec<Prepared>>,
) -> Result<Stored, LedgerError> {
    // The lock comes first: whoever holds it sees all events that were stored before.
    let mut appender = Appender::lock(conn, signers, Log::Invocations)?;
    let mut known = known_indexes(conn, &groups)?;
    let mut rows = Rows::default();
    let receipts = groups
        .into_iter()
        .map(|group| {
            let place = |event| place(event, &mut known, &mut appender, &mut rows);
            group.into_iter().map(place).collect()
        })
        .collect();
    let new = rows.insert(conn)?;
    appender.finish(conn)?;
    Ok(Stored { receipts, new })
}

type EventKey = (String, String);

fn place(
    event: Prepared,
    known: &mut HashMap<EventKey, u64>,
    appender: &mut Appender<'_>,
    rows: &mut Rows,
) -> Receipt {
    let Prepared { mut facts, labels, sealed } = event;
    let event_id = facts.event_id.clone();
    let key = (facts.project_id.clone(), event_id.clone());
    if let Some(index) = known.get(&key) {
        return Receipt::stored(event_id, *index, true);
    }
    let index = appender.push(sealed);
    known.insert(key, index);
    facts.ledger_index = index as i64;
    rows.add(facts, labels);
    Receipt::stored(event_id, index, false)
}

/// The indexes of those events that are stored already.
fn known_indexes(conn: &mut Conn, groups: &[Vec<Prepared>]) -> QueryResult<HashMap<EventKey, u64>> {
    let mut by_project: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in groups.iter().flatten() {
        by_project.entry(&event.facts.project_id).or_default().push(&event.facts.event_id);
    }
    let mut known = HashMap::new();
    for (project_id, event_ids) in by_project {
        known.extend(
            stored_indexes(conn, project_id, &event_ids)?
                .into_iter()
                .map(|(id, index)| ((project_id.to_owned(), id), index as u64)),
        );
    }
    Ok(known)
}

/// One index look-up for each id, in one query on PostgreSQL: given `= ANY`, its planner may rather
/// read the whole project, and given a join, the whole table. On SQLite, where a query is a function
/// call, a cached query for each id; without `LIMIT ?`, for whose value SQLite would plan anew.
fn stored_indexes(
    conn: &mut Conn,
    project_id: &str,
    event_ids: &[&str],
) -> QueryResult<Vec<(String, i64)>> {
    match conn {
        Conn::Pg(conn) => {
            let found: Vec<Found> = diesel::sql_query(
                "SELECT event_id, ledger_index FROM unnest($2) AS sought (id), LATERAL \
                 (SELECT event_id, ledger_index FROM invocations \
                  WHERE project_id = $1 AND event_id = sought.id LIMIT 1) AS found",
            )
            .bind::<Text, _>(project_id)
            .bind::<Array<Text>, _>(event_ids)
            .load(conn)?;
            Ok(found.into_iter().map(|found| (found.event_id, found.ledger_index)).collect())
        }
        Conn::Sqlite(conn) => {
            let of_project = invocations::table
                .filter(invocations::project_id.eq(project_id))
                .select((invocations::event_id, invocations::ledger_index));
            let find = |id: &&str| {
                of_project.filter(invocations::event_id.eq(*id)).get_result(conn).optional()
            };
            event_ids.iter().map(find).filter_map(Result::transpose).collect()
        }
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    event_id: String,
    #[diesel(sql_type = BigInt)]
    ledger_index: i64,
}

/// SQLite takes at most 32,766 values in a statement.
const SQLITE_ROWS: usize = 500;

#[derive(Default)]
struct Rows {
    facts: Vec<Facts>,
    labels: Vec<LabelRow>,
    runs: BTreeMap<(String, String), i64>,
}

impl Rows {
    fn add(&mut self, facts: Facts, labels: Vec<LabelRow>) {
        let index = facts.ledger_index;
        self.labels.extend(labels.into_iter().map(|row| LabelRow { ledger_index: index, ..row }));
        if let Some(run_id) = &facts.run_id {
            self.runs.entry((facts.project_id.clone(), run_id.clone())).or_insert(index);
        }
        self.facts.push(facts);
    }

    fn insert(self, conn: &mut Conn) -> QueryResult<Vec<Facts>> {
        let runs: Vec<_> = self
            .runs
            .into_iter()
            .map(|((project, run), first)| {
                (runs::project_id.eq(project), runs::run_id.eq(run), runs::first_index.eq(first))
            })
            .collect();
        for some in runs.chunks(SQLITE_ROWS) {
            on_each!(conn, |conn| {
                diesel::insert_into(runs::table)
                    .values(some)
                    .on_conflict_do_nothing()
                    .execute(conn)?
            });
        }
        insert_rows!(&mut *conn, invocations::table, &self.facts);
        insert_rows!(conn, invocation_labels::table, &self.labels);
        Ok(self.facts)
    }
}

/// Which invocations of a project are meant.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is a field of the record")]
pub struct Filter {
    pub run: Option<String>,
    pub stage: Option<String>,
    /// Microseconds, inclusive.
    pub from: Option<i64>,
    /// Microseconds, exclusive.
    pub to: Option<i64>,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub tier: Option<String>,
    pub status: Option<String>,
    pub agent: Option<String>,
    pub tag: Option<String>,
    pub phi: Option<String>,
}

/// Where a page starts (after this row), and how long it is.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The last row of the page before: its time and index.
    pub after: Option<(i64, i64)>,
    /// Rows at most.
    pub limit: i64,
}

/// One row of a list: its time and index.
type Place = (i64, i64);

/// Adds the conditions on what an invocation is to a query that has the table of invocations. A
/// macro, since a query over one table and one over two have types of their own.
macro_rules! with_columns {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter): (_, &Filter) = ($query, $filter);
        if let Some(run) = &filter.run {
            query = query.filter(invocations::run_id.eq(run));
        }
        if let Some(stage) = &filter.stage {
            query = query.filter(invocations::stage.eq(stage));
        }
        if let Some(model) = &filter.model {
            query = query.filter(invocations::model.eq(model));
        }
        if let Some(provider) = &filter.provider {
            query = query.filter(invocations::provider.eq(provider));
        }
        if let Some(tier) = &filter.tier {
            query = query.filter(invocations::tier.eq(tier));
        }
        if let Some(status) = &filter.status {
            query = query.filter(invocations::status.eq(status));
        }
        if let Some(agent) = &filter.agent {
            query = query.filter(invocations::agent.eq(agent));
        }
        query
    }};
}

/// Adds the conditions on time and place to a query, on the table whose index is to be walked.
macro_rules! with_place {
    ($query:expr, $table:ident, $filter:expr, $page:expr) => {{
        let (mut query, filter, page): (_, &Filter, Option<Page>) = ($query, $filter, $page);
        if let Some(from) = filter.from {
            query = query.filter($table::occurred_at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter($table::occurred_at.lt(to));
        }
        if let Some((time, index)) = page.and_then(|page| page.after) {
            // The first condition lets the index find the place, the second is exact within it.
            query = query
                .filter($table::occurred_at.le(time))
                .filter($table::occurred_at.lt(time).or($table::ledger_index.lt(index)));
        }
        if let Some(page) = page {
            query = query
                .order(($table::occurred_at.desc(), $table::ledger_index.desc()))
                .limit(page.limit);
        }
        query
    }};
}

/// Whether an invocation, by the place that `$table` has it at, carries a label too. As a value, not
/// as a join or EXISTS, which PostgreSQL would flatten and then sort.
macro_rules! carries {
    ($table:ident, $project_id:expr, $label:expr) => {{
        let also = diesel::alias!(invocation_labels as also);
        also.filter(also.field(invocation_labels::project_id).eq($project_id))
            .filter(also.field(invocation_labels::label).eq($label))
            .filter(also.field(invocation_labels::occurred_at).eq($table::occurred_at))
            .filter(also.field(invocation_labels::ledger_index).eq($table::ledger_index))
            .select(also.field(invocation_labels::ledger_index))
            .single_value()
            .is_not_null()
    }};
}

/// The places that are meant: a page of them, newest first, or all of them in no certain order. A
/// run is the rarest thing to have in common, then a label: the index of the rarest leads.
fn places(
    conn: &mut Conn,
    project_id: &str,
    filter: &Filter,
    page: Option<Page>,
) -> QueryResult<Vec<Place>> {
    let phi = filter.phi.as_ref().map(|class| format!("phi:{class}"));
    let tag = filter.tag.as_ref().map(|tag| format!("tag:{tag}"));
    let mut labels = [phi, tag].into_iter().flatten();
    let leading = if filter.run.is_none() { labels.next() } else { None };
    let Some(leading) = leading else {
        let of_project = invocations::table
            .filter(invocations::project_id.eq(project_id))
            .select((invocations::occurred_at, invocations::ledger_index))
            .into_boxed();
        let mut query = with_place!(of_project, invocations, filter, page);
        for label in labels {
            query = query.filter(carries!(invocations, project_id, label));
        }
        return with_columns!(query, filter).load(conn);
    };
    let by_index = invocations::ledger_index.eq(invocation_labels::ledger_index);
    let labelled = invocation_labels::table
        .inner_join(invocations::table.on(by_index))
        .filter(invocation_labels::project_id.eq(project_id))
        .filter(invocation_labels::label.eq(leading))
        .select((invocation_labels::occurred_at, invocation_labels::ledger_index))
        .into_boxed();
    let mut query = with_place!(labelled, invocation_labels, filter, page);
    for label in labels {
        query = query.filter(carries!(invocation_labels, project_id, label));
    }
    with_columns!(query, filter).load(conn)
}

/// A page of invocations, newest first.
pub(super) fn list(
    conn: &mut Conn,
    project_id: &str,
    filter: &Filter,
    page: Page,
) -> QueryResult<Vec<Place>> {
    places(conn, project_id, filter, Some(page))
}

/// The ledger indexes of all invocations that are meant, ascending.
///
/// # Errors
/// The database.
pub fn scan(conn: &mut Conn, project_id: &str, filter: &Filter) -> QueryResult<Vec<i64>> {
    let places = places(conn, project_id, filter, None)?;
    let mut indexes: Vec<i64> = places.into_iter().map(|(_, index)| index).collect();
    indexes.sort_unstable();
    Ok(indexes)
}

/// Where an event is in the ledger.
pub(super) fn find(conn: &mut Conn, project_id: &str, event_id: &str) -> QueryResult<Option<i64>> {
    invocations::table
        .filter(invocations::project_id.eq(project_id))
        .filter(invocations::event_id.eq(event_id))
        .select(invocations::ledger_index)
        .first(conn)
        .optional()
}

/// A page of runs, the newest first: each with the ledger index that it began at.
///
/// # Errors
/// The database.
pub fn list_runs(
    conn: &mut Conn,
    project_id: &str,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<(String, i64)>> {
    runs::table
        .filter(runs::project_id.eq(project_id))
        .filter(runs::first_index.lt(before.unwrap_or(i64::MAX)))
        .order(runs::first_index.desc())
        .select((runs::run_id, runs::first_index))
        .limit(limit)
        .load(conn)
}

/// All invocations of a run, oldest first, no more than `limit`.
///
/// # Errors
/// The database.
pub fn of_run(
    conn: &mut Conn,
    project_id: &str,
    run_id: &str,
    limit: i64,
) -> QueryResult<Vec<Facts>> {
    invocations::table
        .filter(invocations::project_id.eq(project_id))
        .filter(invocations::run_id.eq(run_id))
        .order((invocations::occurred_at, invocations::ledger_index))
        .select(invocations::all_columns)
        .limit(limit)
        .load(conn)
}

/// When a run's first and last invocations began, in microseconds.
///
/// # Errors
/// The database.
pub fn run_span(
    conn: &mut Conn,
    project_id: &str,
    run_id: &str,
) -> QueryResult<(Option<i64>, Option<i64>)> {
    let times = invocations::table
        .filter(invocations::project_id.eq(project_id))
        .filter(invocations::run_id.eq(run_id))
        .select(invocations::occurred_at);
    // Two statements, since each alone is one step in an index.
    let first = times.order(invocations::occurred_at.asc()).first(conn).optional()?;
    let last = times.order(invocations::occurred_at.desc()).first(conn).optional()?;
    Ok((first, last))
}

/// The invocations of all projects at ledger indexes in `range`, in order, no more than `limit`.
///
/// # Errors
/// The database.
pub fn between(
    conn: &mut Conn,
    range: &RangeInclusive<u64>,
    limit: usize,
) -> QueryResult<Vec<Facts>> {
    let highest = |index: u64| i64::try_from(index).unwrap_or(i64::MAX);
    invocations::table
        .filter(invocations::ledger_index.ge(highest(*range.start())))
        .filter(invocations::ledger_index.le(highest(*range.end())))
        .order(invocations::ledger_index)
        .select(invocations::all_columns)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(conn)
}

/// Whether there is an invocation at a ledger index, of whichever project.
///
/// # Errors
/// The database.
pub fn stands_at(conn: &mut Conn, index: u64) -> QueryResult<bool> {
    Ok(!between(conn, &(index..=index), 1)?.is_empty())
}

/// Whether a project has any invocation.
///
/// # Errors
/// The database.
pub fn any_of(conn: &mut Conn, project_id: &str) -> QueryResult<bool> {
    let rows = invocations::table.filter(invocations::project_id.eq(project_id));
    let one: Option<i64> = rows.select(invocations::ledger_index).first(conn).optional()?;
    Ok(one.is_some())
}

/// Erases those of a project's invocations at `indexes`, ascending, that are there still: records
/// and nonces by crypto-shredding, rows outright. A run goes with its first invocation: whoever
/// erases all of a project begins with the newest.
///
/// # Errors
/// The database.
pub fn erase(conn: &mut Conn, project_id: &str, indexes: &[i64]) -> Result<Erasure, LedgerError> {
    let mut there = Vec::new();
    for some in indexes.chunks(SQLITE_ROWS) {
        let rows = invocations::table
            .filter(invocations::project_id.eq(project_id))
            .filter(invocations::ledger_index.eq_any(some));
        let mut found: Vec<i64> =
            rows.select(invocations::ledger_index).order(invocations::ledger_index).load(conn)?;
        erase_labels(conn, &found)?;
        let rows = invocations::table.filter(invocations::ledger_index.eq_any(&found));
        diesel::delete(rows).execute(conn)?;
        there.append(&mut found);
    }
    if let (Some(first), Some(last)) = (there.first(), there.last()) {
        let begun = runs::table
            .filter(runs::project_id.eq(project_id))
            .filter(runs::first_index.between(first, last));
        on_each!(conn, |conn| diesel::delete(begun).execute(conn)?);
    }
    crate::ledger::erase(conn, Log::Invocations, project_id, &there)
}

fn erase_labels(conn: &mut Conn, indexes: &[i64]) -> Result<(), LedgerError> {
    for (index, json) in crate::ledger::records(conn, Log::Invocations, indexes)? {
        let Ok(record) = Record::from_canonical(json.as_bytes()) else { continue };
        for row in facts::labels(&record, index as u64) {
            let key = (row.project_id, row.label, row.occurred_at, row.ledger_index);
            let row = invocation_labels::table.find(key);
            on_each!(conn, |conn| diesel::delete(row).execute(conn)?);
        }
    }
    Ok(())
}

/// Labels and runs of a project that has no invocations any more: there are none, but for those whose
/// records could not be read.
///
/// # Errors
/// The database.
pub fn erase_rest(conn: &mut Conn, project_id: &str) -> QueryResult<()> {
    let labels = invocation_labels::table.filter(invocation_labels::project_id.eq(project_id));
    let runs = runs::table.filter(runs::project_id.eq(project_id));
    on_each!(conn, |conn| {
        diesel::delete(labels).execute(conn)?;
        diesel::delete(runs).execute(conn)?
    });
    Ok(())
}
