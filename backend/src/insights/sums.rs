//! Reading the sums: exact at any moment.
//!
//! The rollups are as new as the workers are fast, and know whole hours only. So an answer is put
//! together of three parts that share nothing, all read in one transaction, which sees one moment:
//!
//! 1. the rollups of the whole hours in the period
//! 2. the rows in those hours that the rollups do not hold, says the workers' cursor: what was
//!    recorded a moment ago, and what is parked
//! 3. the rows in what is left of the period at its ends, less than an hour each
//!
//! Nothing here waits for a worker. Without one the second part grows, and answers take longer.

use super::error::InsightsError;
use super::figures::Figures;
use super::rollup::HOUR;
use super::{feed, store};
use crate::db::schema::{cost_rollups, invocations};
use crate::db::{Conn, count_if, sum_of};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

/// What invocations are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum GroupBy {
    Model,
    Tier,
    Provider,
    Agent,
    Stage,
    Run,
    Key,
    Day,
    // A request is about one project.
    #[serde(skip_deserializing)]
    Project,
}

/// Where sums are taken from: rollups have hours where rows have times.
#[derive(Clone, Copy)]
enum From {
    Rollups,
    Rows,
}

impl GroupBy {
    /// The SQL of the group's key. A day is counted from the epoch, in UTC.
    fn key(self, from: From) -> SqlLiteral<Nullable<Text>> {
        sql(match (self, from) {
            (Self::Model, _) => "model",
            (Self::Tier, _) => "tier",
            (Self::Provider, _) => "provider",
            (Self::Agent, _) => "agent",
            (Self::Stage, _) => "stage",
            (Self::Run, _) => "run_id",
            (Self::Key, _) => "key_id",
            (Self::Day, From::Rollups) => "CAST(hour / 24 AS TEXT)",
            (Self::Day, From::Rows) => "CAST(occurred_at / 86400000000 AS TEXT)",
            (Self::Project, _) => "project_id",
        })
    }
}

/// Which invocations are added up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// Those of a project; of all, if absent.
    pub project_id: Option<&'a str>,
    /// Those of a run in it.
    pub run_id: Option<&'a str>,
    /// Those at this time or later: microseconds.
    pub from: Option<i64>,
    /// Those before this time.
    pub to: Option<i64>,
}

/// The sums of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What the group has in common; `None` for those that have nothing there.
    pub key: Option<String>,
    /// Its sums.
    pub figures: Figures,
}

/// Invocations that the rollups do not hold.
pub struct Unapplied(Vec<RangeInclusive<u64>>);

impl Unapplied {
    /// Those of this moment.
    ///
    /// # Errors
    /// The database.
    pub fn read(conn: &mut Conn) -> Result<Self, InsightsError> {
        let cursor = store::cursor(conn)?;
        let mut runs = cursor.missing(feed::end(conn)?);
        runs.extend(cursor.parked().map(|index| index..=index));
        Ok(Self(runs))
    }

    /// Whether an invocation is among them.
    pub(super) fn has(&self, index: u64) -> bool {
        self.0.iter().any(|run| run.contains(&index))
    }

    /// How many indexes they are.
    pub(super) fn len(&self) -> u64 {
        self.0.iter().map(|run| run.end() - run.start() + 1).sum()
    }
}

/// The groups of a scope, by key.
///
/// # Errors
/// The database.
pub fn sums(conn: &mut Conn, scope: Scope<'_>, by: GroupBy) -> Result<Vec<Line>, InsightsError> {
    let unapplied = Unapplied::read(conn)?;
    sums_beside(conn, &unapplied, scope, by)
}

/// As [`sums`], for whoever asks several times in one transaction.
///
/// # Errors
/// The database.
pub fn sums_beside(
    conn: &mut Conn,
    unapplied: &Unapplied,
    scope: Scope<'_>,
    by: GroupBy,
) -> Result<Vec<Line>, InsightsError> {
    let mut groups = Groups::default();
    let hours = whole_hours(scope.from, scope.to);
    let mut edges = vec![scope];
    if !hours.is_empty() {
        groups.add(of_rollups(conn, scope, &hours, by)?);
        // Without a limit there is no edge.
        let begin = scope.from.map(|_| hours.start * HOUR);
        let end = scope.to.map(|_| hours.end * HOUR);
        let whole = Scope { from: begin, to: end, ..scope };
        for run in &unapplied.0 {
            groups.add(of_rows(conn, whole, Some(run), by)?);
        }
        edges = vec![Scope { to: begin, ..scope }, Scope { from: end, ..scope }];
        edges.retain(|edge| edge.from.zip(edge.to).is_some_and(|(from, to)| from < to));
    }
    for edge in edges {
        groups.add(of_rows(conn, edge, None, by)?);
    }
    Ok(groups.lines(by))
}

/// The hours that lie in a period as a whole.
fn whole_hours(from: Option<i64>, to: Option<i64>) -> Range<i64> {
    let up = |time: i64| time.div_euclid(HOUR) + i64::from(time.rem_euclid(HOUR) > 0);
    from.map_or(i64::MIN, up)..to.map_or(i64::MAX, |to| to.div_euclid(HOUR))
}

/// One group as the database adds it up.
#[derive(Queryable)]
struct Sum {
    key: Option<String>,
    added: Added,
}

/// What [`added`] selects.
#[derive(Queryable)]
struct Added {
    invocations: Option<i64>,
    errors: Option<i64>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cache_read_tokens: Option<i64>,
    cache_write_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
    cost_nano_usd: Option<i64>,
    unpriced: Option<i64>,
}

/// A column of sums.
type Column = SqlLiteral<Nullable<BigInt>>;

/// The sums that rollups and rows have: these three each under names of its own.
fn added(
    invocations: Column,
    errors: Column,
    unpriced: Column,
) -> (Column, Column, Column, Column, Column, Column, Column, Column, Column) {
    (
        invocations,
        errors,
        sum_of("input_tokens"),
        sum_of("output_tokens"),
        sum_of("cache_read_tokens"),
        sum_of("cache_write_tokens"),
        sum_of("reasoning_tokens"),
        sum_of("cost_nano_usd"),
        unpriced,
    )
}

fn of_rollups(
    conn: &mut Conn,
    scope: Scope<'_>,
    hours: &Range<i64>,
    by: GroupBy,
) -> QueryResult<Vec<Sum>> {
    let mut query = cost_rollups::table
        .group_by(by.key(From::Rollups))
        .select((
            by.key(From::Rollups),
            added(sum_of("invocations"), sum_of("errors"), sum_of("unpriced")),
        ))
        .into_boxed();
    if let Some(project_id) = scope.project_id {
        query = query.filter(cost_rollups::project_id.eq(project_id));
    }
    if let Some(run_id) = scope.run_id {
        query = query.filter(cost_rollups::run_id.eq(run_id));
    }
    if scope.from.is_some() {
        query = query.filter(cost_rollups::hour.ge(hours.start));
    }
    if scope.to.is_some() {
        query = query.filter(cost_rollups::hour.lt(hours.end));
    }
    query.load(conn)
}

/// The sums of rows, of those in a run of indexes if there is one.
fn of_rows(
    conn: &mut Conn,
    scope: Scope<'_>,
    indexes: Option<&RangeInclusive<u64>>,
    by: GroupBy,
) -> QueryResult<Vec<Sum>> {
    let mut query = invocations::table
        .group_by(by.key(From::Rows))
        .select((
            by.key(From::Rows),
            added(sum_of("1"), count_if("status = 'error'"), count_if("unpriced")),
        ))
        .into_boxed();
    // Of a run of indexes the few rows are read, and not all that a project has: SQLite, which knows
    // no numbers, would rather take an index over these columns than the rows' own place.
    let [project, run, time] = match indexes {
        Some(_) => ["project_id || ''", "run_id || ''", "occurred_at + 0"],
        None => ["project_id", "run_id", "occurred_at"],
    };
    if let Some(project_id) = scope.project_id {
        query = query.filter(sql::<Text>(project).eq(project_id));
    }
    if let Some(run_id) = scope.run_id {
        query = query.filter(sql::<Nullable<Text>>(run).eq(run_id));
    }
    if let Some(from) = scope.from {
        query = query.filter(sql::<BigInt>(time).ge(from));
    }
    if let Some(to) = scope.to {
        query = query.filter(sql::<BigInt>(time).lt(to));
    }
    if let Some(indexes) = indexes {
        let (first, last) = (*indexes.start() as i64, *indexes.end() as i64);
        query = query.filter(invocations::ledger_index.between(first, last));
    }
    query.load(conn)
}

/// The parts of each group, put together.
#[derive(Default)]
struct Groups(BTreeMap<Option<String>, Figures>);

impl Groups {
    fn add(&mut self, sums: Vec<Sum>) {
        for Sum { key, added } in sums {
            let number = |sum: Option<i64>| sum.unwrap_or(0);
            let more = Figures {
                invocations: number(added.invocations),
                errors: number(added.errors),
                input_tokens: number(added.input_tokens),
                output_tokens: number(added.output_tokens),
                cache_read_tokens: number(added.cache_read_tokens),
                cache_write_tokens: number(added.cache_write_tokens),
                reasoning_tokens: number(added.reasoning_tokens),
                cost_nano_usd: number(added.cost_nano_usd),
                unpriced: number(added.unpriced),
            };
            let figures = self.0.entry(key).or_default();
            *figures = figures.saturating_plus(&more);
        }
    }

    fn lines(self, by: GroupBy) -> Vec<Line> {
        let name = |key: Option<String>| {
            if by == GroupBy::Day { key.as_deref().and_then(day) } else { key }
        };
        let mut lines: Vec<Line> =
            self.0.into_iter().map(|(key, figures)| Line { key: name(key), figures }).collect();
        lines.sort_by(|a, b| a.key.cmp(&b.key));
        lines
    }
}

/// The date of a day that is counted from the epoch.
fn day(days: &str) -> Option<String> {
    let micros = days.parse::<i64>().ok()?.checked_mul(24 * HOUR)?;
    Some(invocation::Timestamp::from_micros(micros).date()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hours_are_taken_from_rollups() {
        assert_eq!(whole_hours(Some(HOUR), Some(3 * HOUR)), 1..3);
        assert_eq!(whole_hours(Some(1), Some(3 * HOUR - 1)), 1..2);
        assert_eq!(whole_hours(Some(-1), Some(HOUR)), 0..1);
        assert!(whole_hours(Some(1), Some(HOUR - 1)).is_empty(), "within one hour");
        assert!(whole_hours(Some(1), Some(HOUR + 1)).is_empty(), "over two hours");
        assert_eq!(whole_hours(None, Some(5)), i64::MIN..0);
        assert_eq!(whole_hours(Some(5), None), 1..i64::MAX);
    }
}
