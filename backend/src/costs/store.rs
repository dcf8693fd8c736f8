//! Sums over invocations.

use crate::db::schema::invocations;
use crate::db::{Conn, DbError, count_if, sum_of};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use serde::Deserialize;

/// What costs are grouped by.
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
    Project,
}

impl GroupBy {
    /// The SQL of the group's key. A day is counted from the epoch, in UTC.
    fn key(self) -> SqlLiteral<Nullable<Text>> {
        sql(match self {
            Self::Model => "model",
            Self::Tier => "tier",
            Self::Provider => "provider",
            Self::Agent => "agent",
            Self::Stage => "stage",
            Self::Run => "run_id",
            Self::Key => "key_id",
            Self::Day => "CAST(occurred_at / 86400000000 AS TEXT)",
            Self::Project => "project_id",
        })
    }
}

/// The sums of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable)]
pub struct CostLine {
    /// What the group has in common; `None` for those that have nothing there.
    pub key: Option<String>,
    /// How many invocations.
    pub invocations: i64,
    /// Input tokens of model calls.
    pub input_tokens: Option<i64>,
    /// Output tokens of model calls.
    pub output_tokens: Option<i64>,
    /// Nano-dollars of priced calls.
    pub cost_nano_usd: Option<i64>,
    /// Model calls without a price.
    pub unpriced: Option<i64>,
}

/// The groups of a project (or of all) in a period of microseconds, by key.
///
/// # Errors
/// The database.
pub fn breakdown(
    conn: &mut Conn,
    project_id: Option<&str>,
    by: GroupBy,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<Vec<CostLine>, DbError> {
    let mut query = invocations::table
        .group_by(by.key())
        .select((
            by.key(),
            diesel::dsl::count_star(),
            sum_of("input_tokens"),
            sum_of("output_tokens"),
            sum_of("cost_nano_usd"),
            count_if("unpriced"),
        ))
        .into_boxed();
    if let Some(project_id) = project_id {
        query = query.filter(invocations::project_id.eq(project_id));
    }
    if let Some(from) = from {
        query = query.filter(invocations::occurred_at.ge(from));
    }
    if let Some(to) = to {
        query = query.filter(invocations::occurred_at.lt(to));
    }
    let mut lines: Vec<CostLine> = query.load(conn)?;
    if by == GroupBy::Day {
        lines.iter_mut().for_each(name_day);
    }
    lines.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(lines)
}

fn name_day(line: &mut CostLine) {
    let day = line.key.as_ref().and_then(|day| day.parse::<i64>().ok());
    let date = day.and_then(|day| invocation::Timestamp::from_micros(day * 86_400_000_000).date());
    line.key = date.map(|date| date.to_string());
}

/// The sum of all groups.
pub(super) fn total(lines: &[CostLine]) -> CostLine {
    let sum = |of: fn(&CostLine) -> Option<i64>| Some(lines.iter().filter_map(of).sum());
    CostLine {
        key: None,
        invocations: lines.iter().map(|line| line.invocations).sum(),
        input_tokens: sum(|line| line.input_tokens),
        output_tokens: sum(|line| line.output_tokens),
        cost_nano_usd: sum(|line| line.cost_nano_usd),
        unpriced: sum(|line| line.unpriced),
    }
}
