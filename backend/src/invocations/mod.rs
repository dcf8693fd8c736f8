//! Invocations: taking events in, and reading them back.
//!
//! Invariants:
//! - An event is acknowledged after the transaction that holds its row, its record and its leaf.
//! - A project's event id is stored once; sent again, it gets its first receipt.
//! - Every row follows from its sealed record ([`Facts`]); `ledger verify` checks that it does.
//!
//! Rows become visible in the order of their ledger indexes, since they are committed under the lock
//! of the log's head: whoever has read up to an index misses nothing below it.
//!
//! Tables: `invocations`, `invocation_labels`, `runs`.

mod api;
mod batcher;
mod check;
mod facts;
mod intake;
mod store;

pub use api::{otlp_routes, paths, routes};
pub use batcher::{Batcher, Commits, Receipt};
pub use check::Checker;
pub use facts::Facts;
pub use store::{
    Filter, Page, between, erase_project, list_runs, of_run, run_span, scan, stands_at,
};
