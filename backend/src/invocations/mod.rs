//! Invocations: taking events in, and reading them back.
//!
//! Invariants:
//! - An event is acknowledged after the transaction that holds its row, its record and its leaf.
//! - A project's event id is stored once; sent again, it gets its first receipt.
//! - Every row follows from its sealed record ([`Facts`]); `ledger verify` checks that it does.
//!
//! Tables: `invocations`, `invocation_labels`, `runs`.

mod api;
mod batcher;
mod check;
mod facts;
mod intake;
mod store;

pub use api::{otlp_routes, paths, routes};
pub use batcher::{Batcher, Receipt};
pub use check::Checker;
pub use facts::Facts;
pub use store::{Filter, Page, erase_project, scan};
