//! History: what the metrics and alerts of the last 30 days were, and archives of the months before.
//!
//! Invariants:
//! - Every process that serves writes one row a minute, and one when it stops: figures of the time
//!   since the row before.
//! - A month is archived when all of it is older than 30 days. It is in a file, whole and on disk,
//!   before its rows are deleted.
//! - A file is never written over.
//!
//! Table: `metric_samples`; the rows of `alerts` belong to the slice of that name.

mod api;
mod archive;
mod figures;
mod recorder;
mod store;

pub use api::{paths, routes};
pub use recorder::Recorder;
