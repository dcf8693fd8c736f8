//! The audit trail: who did what, sealed in the `audit` log in the transaction that did it.
//!
//! Table: `audit_events`, derived from the sealed records.

mod record;
mod store;

pub use record::{Act, Actor, AuditRecord};
pub use store::{Checker, append, sealed_erasures};
