//! The report as a whole.

use crate::completeness::Completeness;
use crate::cost::Cost;
use crate::errors::Errors;
use crate::findings::Findings;
use crate::latency::Latency;
use crate::ledger::LedgerRange;
use crate::markdown;
use crate::runs::Runs;
use crate::scope::ScopeSection;
use crate::usage::Usage;
use invocation::Timestamp;
use serde::{Deserialize, Serialize};

/// The report's version; it grows when a figure changes its meaning.
pub const REPORT_VERSION: u32 = 1;

/// JSON Schema (draft 2020-12) of [`Report::to_json`].
pub const REPORT_SCHEMA: &str = include_str!("../schema/transparency_report.json");

/// What a report covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One run.
    Run,
    /// A project over a period, which may be open at either end.
    Period,
}

/// A transparency report. It has no time of generation, so that the same records, scope and proof
/// give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// What it covers.
    pub kind: Kind,
    /// When the newest of its records was taken in; null without records.
    pub as_of: Option<Timestamp>,
    /// The project, the run or period, the rules.
    pub scope: ScopeSection,
    /// What ran, and how much of it.
    pub usage: Usage,
    /// What it cost.
    pub cost: Cost,
    /// How long it took.
    pub latency: Latency,
    /// What failed.
    pub errors: Errors,
    /// What the PHI scan found.
    pub phi: Findings,
    /// The runs.
    pub runs: Runs,
    /// Whether records are missing.
    pub completeness: Completeness,
    /// Where the records are sealed.
    pub ledger: LedgerRange,
}

impl Report {
    /// Whether there was nothing to report on.
    pub fn is_empty(&self) -> bool {
        self.ledger.count == 0
    }

    /// Canonical JSON (RFC 8785), which follows [`REPORT_SCHEMA`].
    ///
    /// # Errors
    /// A value that JSON cannot hold; a report has none.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json_canonicalizer::to_vec(self)
    }

    /// The report for people: GitHub-flavoured Markdown. Names that clients chose stand in code
    /// spans and cannot become markup.
    pub fn to_markdown(&self) -> String {
        markdown::render(self)
    }
}
