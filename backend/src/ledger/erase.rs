//! Crypto-shredding: records and nonces go, their entries stay. What is left of an erased record is
//! a digest that proves its place and nothing else.

use super::{LedgerError, Log};
use crate::db::schema::{ledger_erasures, ledger_records};
use crate::db::{Conn, insert_rows};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;

/// What was erased, as the audit log seals it: so that a missing record is either covered by a
/// sealed erasure or a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Which log.
    pub log: Log,
    /// Whose records.
    pub project_id: String,
    /// How many.
    pub records: u64,
    /// The first and the last of them; every record of the project that was erased then, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexes: Option<(i64, i64)>,
    /// SHA-256, hex, of the erased ranges: `<first>-<last>\n` each, in order.
    pub ranges_sha256: String,
}

impl Erasure {
    /// Between which indexes it erased all that is erased of its project.
    pub(super) fn span(&self) -> RangeInclusive<i64> {
        self.indexes.map_or(0..=i64::MAX, |(first, last)| first..=last)
    }
}

/// A row of `ledger_erasures`.
#[derive(Debug, Insertable)]
#[diesel(table_name = ledger_erasures, treat_none_as_default_value = false)]
struct Range {
    log: &'static str,
    first_index: i64,
    last_index: i64,
    project_id: String,
}

/// A statement takes so many indexes.
const INDEXES: usize = 500;

/// Erases the records at `indexes`, which are in ascending order and belong to the project.
///
/// # Errors
/// The database.
pub fn erase(
    conn: &mut Conn,
    log: Log,
    project_id: &str,
    indexes: &[i64],
) -> Result<Erasure, LedgerError> {
    let ranges = ranges(indexes);
    let row = |&(first_index, last_index): &(i64, i64)| Range {
        log: log.as_str(),
        first_index,
        last_index,
        project_id: project_id.to_owned(),
    };
    let rows: Vec<Range> = ranges.iter().map(row).collect();
    insert_rows!(&mut *conn, ledger_erasures::table, &rows);
    for some in indexes.chunks(INDEXES) {
        let records = ledger_records::table
            .filter(ledger_records::log.eq(log.as_str()))
            .filter(ledger_records::ledger_index.eq_any(some));
        diesel::delete(records).execute(conn)?;
    }
    Ok(Erasure {
        log,
        project_id: project_id.to_owned(),
        records: indexes.len() as u64,
        indexes: indexes.first().copied().zip(indexes.last().copied()),
        ranges_sha256: digest(&ranges),
    })
}

/// The erased ranges of a log in order, with whose they are.
pub(super) fn erased(conn: &mut Conn, log: Log) -> Result<Vec<(i64, i64, String)>, LedgerError> {
    let rows = ledger_erasures::table
        .filter(ledger_erasures::log.eq(log.as_str()))
        .order(ledger_erasures::first_index)
        .select((
            ledger_erasures::first_index,
            ledger_erasures::last_index,
            ledger_erasures::project_id,
        ))
        .load(conn)?;
    Ok(rows)
}

pub(super) fn digest(ranges: &[(i64, i64)]) -> String {
    let mut digest = Sha256::new();
    for (first, last) in ranges {
        digest.update(format!("{first}-{last}\n"));
    }
    hex::encode(digest.finalize())
}

fn ranges(indexes: &[i64]) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for index in indexes {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *index => *last = *index,
            _ => ranges.push((*index, *index)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_become_one_range() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(ranges(&[]), []);
    }
}
