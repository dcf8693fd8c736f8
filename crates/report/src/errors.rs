//! What failed, and what was refused.

use crate::breakdown::{Breakdown, Named, Tally};
use crate::numbers::Ratio;
use invocation::{Label, Record, Status};
use serde::{Deserialize, Serialize};

/// Failures among all records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Records that ended in an error.
    pub count: u64,
    /// Their share of all records.
    pub rate: Ratio,
    /// By the error type that the sender states.
    pub by_type: Breakdown<Tally>,
    /// Records of what a rule refused; no errors.
    pub blocked: u64,
    /// Their share of all records.
    pub blocked_rate: Ratio,
}

/// The section while it is counted.
#[derive(Default)]
pub(crate) struct ErrorCounter {
    records: u64,
    errors: u64,
    blocked: u64,
    by_type: Named<Tally>,
}

impl ErrorCounter {
    pub(crate) fn add(&mut self, record: &Record) {
        self.records += 1;
        match record.status {
            Status::Ok => {}
            Status::Blocked => self.blocked += 1,
            Status::Error => {
                self.errors += 1;
                let name = record.error_type.as_ref().map(Label::as_str);
                self.by_type.entry(name).count += 1;
            }
        }
    }

    pub(crate) fn finish(self) -> Errors {
        Errors {
            count: self.errors,
            rate: Ratio::of(self.errors, self.records),
            by_type: self.by_type.finish(Some),
            blocked: self.blocked,
            blocked_rate: Ratio::of(self.blocked, self.records),
        }
    }
}
