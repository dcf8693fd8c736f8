//! The effect of an entry: its invocation is in the rollups, once.
//!
//! The feed says *which* invocations are to be added up; *what* they come to is read from the rows,
//! in the same transaction. So whatever stands in Redis, rollups follow from the ledger: an entry
//! that somebody made up has no effect, nor one whose invocation was erased.

use super::error::InsightsError;
use super::feed;
use super::figures::Figures;
use super::rollup::{Key, KeyDigest, RollupRow};
use super::store;
use crate::db::Conn;
use crate::invocations::{self, Facts};
use bus::{Batch, Cursor, DeadLetter, Delivery, Entry};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// What came of a batch, to be told to the feed after the commit.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// How many invocations were added up.
    pub(super) added: u64,
    /// Those that are given up.
    pub(super) parked: Vec<DeadLetter>,
    /// Those that came as poison and have had their effect long since.
    pub(super) settled: Vec<Delivery>,
}

/// Adds up what a batch brought. Runs in one transaction with its cursor.
pub(super) fn batch(conn: &mut Conn, batch: &Batch) -> Result<Applied, InsightsError> {
    let mut cursor = store::lock_cursor(conn)?;
    // One more than an honest feed has rows for, so that what follows the last one is looked at.
    let rows = rows(conn, runs(&batch.deliveries), batch.deliveries.len() + 1)?;
    let added = add(conn, &mut cursor, rows)?;
    let mut applied = Applied { added, ..Applied::default() };
    let end = feed::end(conn)?;
    for letter in &batch.poison {
        let index = letter.index;
        // What is beyond the ledger's end will be an invocation some day, and is parked nowhere but
        // in the feed; nor is it believed what it says of others.
        if index < end {
            cursor.park(&DeadLetter { since: index, ..letter.clone() });
        }
        if index >= end || cursor.parked().any(|it| it == index) {
            applied.parked.push(letter.clone());
        } else {
            applied.settled.push(passing(index, index));
        }
    }
    store::save_cursor(conn, &cursor)?;
    Ok(applied)
}

/// Adds up, of the invocations below `acknowledged`, at most about `most` that have had no effect
/// though the feed is done with them: Redis lost them. How many, and whether there may be more.
pub(super) fn missing(
    conn: &mut Conn,
    acknowledged: u64,
    most: usize,
) -> Result<(u64, bool), InsightsError> {
    let mut cursor = store::lock_cursor(conn)?;
    let below = acknowledged.min(feed::end(conn)?);
    let rows = rows(conn, cursor.missing(below), most)?;
    let more = rows.is_cut;
    let added = add(conn, &mut cursor, rows)?;
    if !more {
        cursor.done_until(below);
    }
    store::save_cursor(conn, &cursor)?;
    Ok((added, more))
}

/// Adds up one invocation that the cursor is done with from now on.
pub(super) fn one(conn: &mut Conn, facts: &Facts) -> Result<(), InsightsError> {
    let mut sums = Sums::load(conn, std::iter::once(facts))?;
    sums.add(facts);
    sums.save(conn)
}

/// Invocations, each with what is empty before it.
#[derive(Default)]
struct Rows {
    /// Rows, and from where on there is none before each.
    present: Vec<(u64, Facts)>,
    /// Runs at whose ends nothing stands.
    empty: Vec<RangeInclusive<u64>>,
    /// Whether the limit was met.
    is_cut: bool,
}

/// The rows in these runs, no more than `limit`. Runs end where the ledger does: what is beyond will
/// be an invocation, whatever the feed says of it.
fn rows(
    conn: &mut Conn,
    runs: Vec<RangeInclusive<u64>>,
    limit: usize,
) -> Result<Rows, InsightsError> {
    let Some(last) = feed::end(conn)?.checked_sub(1) else { return Ok(Rows::default()) };
    let mut rows = Rows::default();
    for run in runs {
        let run = *run.start()..=last.min(*run.end());
        if run.is_empty() {
            continue;
        }
        let room = limit - rows.present.len();
        let found = invocations::between(conn, &run, room)?;
        rows.is_cut = found.len() == room;
        let mut since = *run.start();
        for facts in found {
            let next = facts.ledger_index as u64 + 1;
            rows.present.push((std::mem::replace(&mut since, next), facts));
        }
        if rows.is_cut {
            break;
        }
        if since <= *run.end() {
            rows.empty.push(since..=*run.end());
        }
    }
    Ok(rows)
}

/// The indexes that deliveries cover, ascending.
fn runs(deliveries: &[Delivery]) -> Vec<RangeInclusive<u64>> {
    let mut covered: Vec<(u64, u64)> =
        deliveries.iter().map(|it| (it.since.min(it.entry.index), it.entry.index)).collect();
    covered.sort_unstable();
    let mut runs: Vec<RangeInclusive<u64>> = Vec::new();
    for (start, end) in covered {
        match runs.last_mut() {
            Some(run) if start <= run.end().saturating_add(1) => {
                *run = *run.start()..=end.max(*run.end());
            }
            _ => runs.push(start..=end),
        }
    }
    runs
}

/// Adds up those rows that the cursor is not done with. How many they are.
fn add(conn: &mut Conn, cursor: &mut Cursor, rows: Rows) -> Result<u64, InsightsError> {
    let mut sums = Sums::load(conn, rows.present.iter().map(|(_, facts)| facts))?;
    let mut added = 0;
    for (since, facts) in rows.present {
        if cursor.apply(&passing(since, facts.ledger_index as u64)) {
            sums.add(&facts);
            added += 1;
        }
    }
    for run in rows.empty {
        cursor.apply(&passing(*run.start(), *run.end()));
    }
    sums.save(conn)?;
    Ok(added)
}

/// As far as a cursor looks at a delivery.
fn passing(since: u64, index: u64) -> Delivery {
    Delivery { since, deliveries: 1, entry: Entry { index, ..Entry::default() } }
}

/// Rollups that are being added to.
struct Sums(BTreeMap<KeyDigest, Sum>);

/// One of them.
struct Sum {
    key: Key,
    figures: Figures,
    is_changed: bool,
}

impl Sums {
    /// The rollups that these invocations belong to, as they stand.
    fn load<'a>(
        conn: &mut Conn,
        facts: impl Iterator<Item = &'a Facts>,
    ) -> Result<Self, InsightsError> {
        let empty = |key| Sum { key, figures: Figures::default(), is_changed: false };
        let keys = facts.map(Key::of).map(|key| (key.digest(), empty(key)));
        let mut sums: BTreeMap<KeyDigest, Sum> = keys.collect();
        let digests: Vec<KeyDigest> = sums.keys().cloned().collect();
        for row in store::rollups(conn, &digests)? {
            if let Some(sum) = sums.get_mut(&row.digest) {
                sum.figures = row.figures();
            }
        }
        Ok(Self(sums))
    }

    fn add(&mut self, facts: &Facts) {
        if let Some(sum) = self.0.get_mut(&Key::of(facts).digest()) {
            sum.figures = sum.figures.saturating_plus(&Figures::of(facts));
            sum.is_changed = true;
        }
    }

    /// Writes those that changed.
    fn save(self, conn: &mut Conn) -> Result<(), InsightsError> {
        let changed = self.0.into_iter().filter(|(_, sum)| sum.is_changed);
        let rows: Vec<RollupRow> =
            changed.map(|(digest, sum)| RollupRow::new(digest, sum.key, &sum.figures)).collect();
        Ok(store::put_rollups(conn, &rows)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_on_each_other_is_one_run() {
        let runs = |covered: &[(u64, u64)]| {
            let deliveries = covered.iter().map(|(since, index)| passing(*since, *index));
            runs(&deliveries.collect::<Vec<_>>())
        };
        assert_eq!(runs(&[(7, 9), (0, 0), (1, 1), (2, 4)]), [0..=4, 7..=9]);
        assert_eq!(runs(&[(3, 3), (3, 3)]), [3..=3], "twice");
        assert_eq!(runs(&[(0, 9), (4, 4), (10, 10)]), [0..=10]);
        assert_eq!(runs(&[(5, 4)]), [4..=4], "an entry covers itself at least");
    }
}
