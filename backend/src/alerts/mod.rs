//! Alerts: what is wrong with the service, found by the service itself.
//!
//! ```text
//! counters, feed, Redis ─▶ Sample ─▶ Window ─▶ evaluate ─▶ Findings ─┬─▶ gauge
//!                          each 5 s  5 min     pure                  └─▶ table, log
//! ```
//!
//! Invariants:
//! - Whether something is wrong follows from a window of samples, and from nothing else (`rules.rs`).
//! - An alert is raised once and resolved once, whichever process finds it: one row fires for each
//!   fingerprint, and it is resolved by compare-and-set.
//! - What concerns one process has its node's name in the fingerprint; what concerns all has not.
//! - An alert of a process that is gone resolves by itself: nobody says any more that it fires.
//! - Nothing in an alert comes from a client.
//!
//! Table: `alerts`.

mod api;
mod rules;
mod store;
mod watch;
mod window;

pub use api::{lines, paths, routes};
pub use store::{forget, oldest_resolved};
pub use watch::Watch;
