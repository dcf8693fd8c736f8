//! Invocations: taking events in, and reading them back.
//!
//! Invariants:
//! - An event is acknowledged after the transaction that holds its row, its record and its leaf; or,
//!   while the database is away, when it is on this node's disk, from where it follows in order.
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
mod committer;
mod facts;
mod intake;
mod spool;
mod store;
mod tallies;

pub use api::{otlp_routes, paths, project_routes, routes};
pub use batcher::{Batcher, Commits, Receipt, ReceiptState};
pub use check::Checker;
pub use facts::Facts;
pub use spool::{SpoolError, SpoolState};
pub use store::{
    Filter, Page, any_of, between, erase, erase_rest, list_runs, of_run, run_span, scan, stands_at,
};

/// What becomes old with each event of a project that this process stores. Other processes are not
/// told: whoever remembers what follows from events must not believe it for as long as a second.
pub fn scope(project_id: &str) -> cache::Scope {
    cache::Scope::new("events", project_id)
}
