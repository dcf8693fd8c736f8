//! Insights: the feed of what is recorded, the workers that add it up, and the sums.
//!
//! ```text
//! commit ─▶ rows ─┬─ relay ─▶ Redis stream ─┐
//!                 │                         ├─▶ worker ─▶ rollups ─┐
//!                 ├─── the database's feed ─┘                      ├─▶ sums
//!                 └─────────── what is not rolled up yet ──────────┘
//! ```
//!
//! Invariants:
//! - Redis is never believed: it says which invocations to add up, rows say what they come to.
//! - A rollup holds an invocation once: both change in one transaction with the cursor, under its
//!   lock.
//! - Sums are exact at any moment, with or without Redis and workers: [`sums`].
//! - Entries hold names and counts of cleaned records, and no text.
//! - A project's rollups are erased with it.
//!
//! Tables: `cost_rollups`, `insights_cursors`, `insights_documents`, `insights_leases`.

mod api;
mod apply;
mod error;
mod feed;
mod figures;
mod handle;
mod lease;
mod letters;
mod metrics;
mod recount;
mod relay;
mod rollup;
mod stop;
mod store;
mod sums;
mod worker;

pub use api::{paths, project_routes, routes};
pub use error::InsightsError;
pub use figures::Figures;
pub use handle::{Backlog, Insights, LONG_LAG};
pub use letters::{Letter, Settled, drop_letter, retry_letter};
pub use recount::{Recount, recount};
pub use store::erase;
pub use sums::{GroupBy, Line, Scope, Unapplied, sums, sums_beside};
