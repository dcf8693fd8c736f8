//! Checks that the rows of invocations still say what their sealed records say.

use super::facts::{self, Facts, LabelRow};
use crate::db::Conn;
use crate::db::schema::{invocation_labels, invocations, runs};
use crate::ledger::LedgerError;
use diesel::prelude::*;
use invocation::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A check under way, one stretch of the log at a time. It holds the runs seen so far.
#[derive(Debug, Default)]
pub struct Checker {
    runs: BTreeMap<(String, String), i64>,
    labels: i64,
}

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
        let mut stored = rows(conn, range)?;
        let mut faults = Vec::new();
        let mut wanted = BTreeSet::new();
        for (index, json) in records {
            let Ok(record) = Record::from_canonical(json.as_bytes()) else {
                faults.push(format!("Record {index} is not an invocation."));
                stored.remove(index);
                continue;
            };
            let facts = Facts::of(&record, *index as u64);
            wanted.extend(facts::labels(&record, *index as u64));
            if let Some(run) = &facts.run_id {
                self.runs.entry((facts.project_id.clone(), run.clone())).or_insert(*index);
            }
            match stored.remove(index) {
                Some(row) if row == facts => {}
                Some(_) => faults.push(format!("Invocation {index} is not what its record says.")),
                None => faults.push(format!("Invocation {index} is missing from the table.")),
            }
        }
        faults.extend(stored.keys().map(|index| format!("Invocation {index} has no record.")));
        self.labels += wanted.len() as i64;
        faults.extend(label_faults(conn, &wanted)?);
        Ok(faults)
    }

    /// The faults outside all stretches: rows beyond the log's end, labels and runs without a record.
    ///
    /// # Errors
    /// The database.
    pub fn finish(self, conn: &mut Conn, size: i64) -> Result<Vec<String>, LedgerError> {
        let outside = invocations::ledger_index.ge(size).or(invocations::ledger_index.lt(0));
        let beyond: Vec<i64> = invocations::table
            .filter(outside)
            .select(invocations::ledger_index)
            .limit(100)
            .load(conn)?;
        let mut faults: Vec<String> =
            beyond.iter().map(|index| format!("Invocation {index} has no record.")).collect();
        let labels: i64 = invocation_labels::table.count().get_result(conn)?;
        if labels != self.labels {
            faults
                .push(format!("There are {labels} labels, and the records have {}.", self.labels));
        }
        let stored: Vec<(String, String, i64)> = runs::table.load(conn)?;
        let stored: BTreeMap<_, _> =
            stored.into_iter().map(|(project, run, first)| ((project, run), first)).collect();
        if stored != self.runs {
            faults.push("The table of runs is not what the records say.".to_owned());
        }
        Ok(faults)
    }
}

fn rows(conn: &mut Conn, range: &Range<i64>) -> QueryResult<BTreeMap<i64, Facts>> {
    let rows: Vec<Facts> = invocations::table
        .filter(invocations::ledger_index.ge(range.start))
        .filter(invocations::ledger_index.lt(range.end))
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.ledger_index, row)).collect())
}

/// Each label that a record has and the table has not. What the table has too many shows in the
/// count at the end.
fn label_faults(conn: &mut Conn, wanted: &BTreeSet<LabelRow>) -> QueryResult<Vec<String>> {
    let mut faults = Vec::new();
    for row in wanted {
        let key = (&row.project_id, &row.label, row.occurred_at, row.ledger_index);
        let found: i64 = invocation_labels::table.find(key).count().get_result(conn)?;
        if found == 0 {
            faults.push(format!("Invocation {} has lost a label of its record.", row.ledger_index));
        }
    }
    Ok(faults)
}
