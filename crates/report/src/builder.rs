//! Records, one at a time, into a report.

use crate::completeness::CompletenessCounter;
use crate::cost::CostCounter;
use crate::errors::ErrorCounter;
use crate::findings::FindingCounter;
use crate::latency::LatencyCounter;
use crate::ledger::{LedgerCounter, LedgerProof};
use crate::report::{Kind, REPORT_VERSION, Report};
use crate::runs::RunCounter;
use crate::scope::{Scope, ScopeCounter};
use crate::usage::{Figures, UsageCounter};
use invocation::{Record, Timestamp};

/// A report while its records come in.
///
/// Memory: 32 bytes a record for times and sequence numbers, about 300 a run, and up to 1000 rows
/// in each breakdown. Nothing of a record's content is kept.
pub struct Builder {
    scope: Scope,
    as_of: Option<Timestamp>,
    records: ScopeCounter,
    usage: UsageCounter,
    cost: CostCounter,
    latency: LatencyCounter,
    errors: ErrorCounter,
    phi: FindingCounter,
    runs: RunCounter,
    completeness: CompletenessCounter,
    ledger: LedgerCounter,
}

impl Builder {
    /// A report on `scope`, without records so far.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            as_of: None,
            records: ScopeCounter::default(),
            usage: UsageCounter::default(),
            cost: CostCounter::default(),
            latency: LatencyCounter::default(),
            errors: ErrorCounter::default(),
            phi: FindingCounter::default(),
            runs: RunCounter::new(),
            completeness: CompletenessCounter::default(),
            ledger: LedgerCounter::default(),
        }
    }

    /// Counts a record with its index and entry in the log. Records come in ledger order, each once.
    pub fn add(&mut self, ledger_index: u64, entry: &[u8; 32], record: &Record) {
        let figures = Figures::of(record);
        self.as_of = self.as_of.max(Some(record.recorded_at));
        self.records.add(record);
        self.usage.add(record, &figures);
        self.cost.add(record);
        self.latency.add(record);
        self.errors.add(record);
        self.phi.add(record);
        let run = self.runs.add(record, &figures);
        self.completeness.add(record, run);
        self.ledger.add(ledger_index, entry);
    }

    /// The report, with the proof that its records are in the log.
    pub fn finish(self, proof: LedgerProof) -> Report {
        let (runs, run_ids) = self.runs.finish();
        let kind = if self.scope.run_id.is_some() { Kind::Run } else { Kind::Period };
        let completeness = self.completeness.finish(&run_ids, self.scope.from.is_none());
        Report {
            report_version: REPORT_VERSION,
            kind,
            as_of: self.as_of,
            scope: self.records.finish(self.scope),
            usage: self.usage.finish(),
            cost: self.cost.finish(),
            latency: self.latency.finish(),
            errors: self.errors.finish(),
            phi: self.phi.finish(),
            runs,
            completeness,
            ledger: self.ledger.finish(proof),
        }
    }
}
