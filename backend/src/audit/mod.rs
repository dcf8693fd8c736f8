//! The audit trail: who did what, sealed in the `audit` log in the transaction that did it.
//!
//! Table: `audit_events`, derived from the sealed records.

mod list;
mod name;
mod record;
mod store;

pub use list::{Filter, list};
pub use name::ActName;
pub use record::{Act, Actor, AuditRecord, Outcome, Who};
pub use store::{Checker, append, seal, sealed_erasures, tell, write};
