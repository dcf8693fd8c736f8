//! What the PHI scan found, and what was done about it.

use crate::breakdown::count;
use invocation::{PhiAction, Record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The scans of all records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Records whose every text was scanned.
    pub scanned: u64,
    /// Records with a text that could not be scanned, and was dropped unseen.
    pub failed_closed: u64,
    /// Records with at least one finding.
    pub with_findings: u64,
    /// Findings in all.
    pub findings: u64,
    /// Findings by class.
    pub by_class: BTreeMap<String, u64>,
    /// Records by what was done.
    pub actions: Actions,
    /// Records by the version of the scanner.
    pub detector_versions: BTreeMap<String, u64>,
}

/// How many records each action was taken on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actions {
    /// Nothing was found.
    pub none: u64,
    /// What was found was replaced by tags.
    pub redacted: u64,
    /// All text was dropped, since the project was strict.
    pub dropped: u64,
    /// A text could not be scanned and was dropped.
    pub failed_closed: u64,
}

/// The section while it is counted.
#[derive(Default)]
pub(crate) struct FindingCounter {
    records: u64,
    with_findings: u64,
    findings: u64,
    by_class: BTreeMap<String, u64>,
    actions: Actions,
    detector_versions: BTreeMap<String, u64>,
}

impl FindingCounter {
    pub(crate) fn add(&mut self, record: &Record) {
        let scan = &record.phi_scan;
        self.records += 1;
        self.with_findings += u64::from(!scan.classes.is_empty());
        for (class, found) in &scan.classes {
            self.findings += u64::from(*found);
            count(&mut self.by_class, class, u64::from(*found));
        }
        count(&mut self.detector_versions, &scan.detector_version, 1);
        match scan.action {
            PhiAction::None => self.actions.none += 1,
            PhiAction::Redacted => self.actions.redacted += 1,
            PhiAction::Dropped => self.actions.dropped += 1,
            PhiAction::FailedClosed => self.actions.failed_closed += 1,
        }
    }

    pub(crate) fn finish(self) -> Findings {
        Findings {
            scanned: self.records - self.actions.failed_closed,
            failed_closed: self.actions.failed_closed,
            with_findings: self.with_findings,
            findings: self.findings,
            by_class: self.by_class,
            actions: self.actions,
            detector_versions: self.detector_versions,
        }
    }
}
