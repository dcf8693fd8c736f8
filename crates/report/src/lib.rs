//! The transparency report: sealed records → figures → JSON and Markdown.
//!
//! ```text
//! records in ledger order ── Builder::add ──▶ Builder::finish ──▶ Report ──▶ to_json, to_markdown
//! ```
//!
//! Pure: no clock, no files, no database. The same records, scope and proof give the same bytes,
//! so that whoever has the records can make the report again and compare. One file per section
//! holds its figures, their definitions and how they are counted; `docs/reports.md` tells the same
//! to readers.

mod breakdown;
mod builder;
mod completeness;
mod cost;
mod errors;
mod findings;
mod latency;
mod ledger;
mod markdown;
mod numbers;
mod report;
mod runs;
mod scope;
mod usage;

pub use breakdown::{Breakdown, Row, Tally};
pub use builder::Builder;
pub use completeness::{Completeness, Late, Range, RunSequence, Sources};
pub use cost::{Cost, CostBySource, SourceCost};
pub use errors::Errors;
pub use findings::{Actions, Findings};
pub use latency::{Distribution, Latency, PercentileMethod, Timings};
pub use ledger::{InclusionProof, LedgerProof, LedgerRange};
pub use numbers::{Ratio, Total};
pub use report::{Kind, REPORT_SCHEMA, REPORT_VERSION, Report};
pub use runs::{RunLine, Runs};
pub use scope::{ContentPolicies, GovernanceModes, Scope, ScopeSection};
pub use usage::{Figures, Usage};
