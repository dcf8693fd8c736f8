//! The spool, as the task that commits sees it: events that wait on this node's disk for the
//! database, oldest first.
//!
//! What waits is the canonical JSON of cleaned records, with `spooled` set and encrypted: no text
//! that the gate has not seen. Rows, labels and nonce follow from it when it is drained.

mod kept;
mod metrics;
mod spooler;
mod stretch;

pub use kept::SpoolError;
pub use metrics::SpoolState;
pub(super) use metrics::Watched;
pub(super) use spooler::Spooler;
pub(super) use stretch::Stretch;
