//! Checking the rollups against the invocations, one by one.

use super::error::InsightsError;
use super::feed;
use super::figures::Figures;
use super::rollup::{Key, KeyDigest, RollupRow};
use super::store;
use super::sums::Unapplied;
use crate::db::Conn;
use crate::{invocations, projects};
use std::collections::HashMap;

/// Rows that are read at once.
const PAGE: usize = 5000;

/// What a recount found.
#[derive(Debug, Default)]
pub struct Recount {
    /// Invocations that were counted.
    pub invocations: u64,
    /// Those among them that are not in rollups yet, or parked.
    pub unapplied: u64,
    /// How many rollups there are.
    pub rollups: u64,
    /// Where a rollup is not what its invocations come to.
    pub faults: Vec<String>,
}

/// Adds up every invocation anew and compares with every rollup. Memory grows with the number of
/// rollups, not of invocations. Projects that are being erased are left out.
///
/// # Errors
/// The database.
pub fn recount(conn: &mut Conn) -> Result<Recount, InsightsError> {
    let unapplied = Unapplied::read(conn)?;
    let erased = projects::erased(conn)?;
    let mut found = Recount::default();
    let mut counted: HashMap<KeyDigest, (Key, Figures)> = HashMap::new();
    let (mut from, end) = (0, feed::end(conn)?);
    while from < end {
        let rows = invocations::between(conn, &(from..=end), PAGE)?;
        from = rows.last().map_or(end, |facts| facts.ledger_index as u64 + 1);
        for facts in rows.into_iter().filter(|facts| !erased.contains(&facts.project_id)) {
            found.invocations += 1;
            if unapplied.has(facts.ledger_index as u64) {
                found.unapplied += 1;
                continue;
            }
            let key = Key::of(&facts);
            let (_, sum) = counted.entry(key.digest()).or_insert((key, Figures::default()));
            *sum = sum.saturating_plus(&Figures::of(&facts));
        }
    }
    let rollups = store::all_rollups(conn)?;
    for row in rollups.into_iter().filter(|row| !erased.contains(&row.project_id)) {
        found.rollups += 1;
        let (_, sum) = counted.remove(&row.digest).unzip();
        if sum.unwrap_or_default() != row.figures() {
            found.faults.push(format!("{}: the rollup is not what was counted", row.place()));
        }
    }
    for (digest, (key, figures)) in counted {
        let row = RollupRow::new(digest, key, &figures);
        found.faults.push(format!("{}: there is no rollup of what was counted", row.place()));
    }
    Ok(found)
}
