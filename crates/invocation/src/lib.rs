//! The event: the record of one AI call, from the bytes a client sends to the bytes that are sealed.
//!
//! Data flows one way through the types, so that what has not passed a stage cannot reach the next:
//!
//! ```text
//! bytes ── batch ──▶ Event ── Gate::admit ──▶ Record ── canonical bytes ──▶ the ledger
//!                    raw text                 clean text, priced
//! ```
//!
//! [`Event`] is what a client says: parsed into types that cannot be wrong, its text still raw.
//! [`Record`] is what is kept: only [`Gate::admit`] makes a new one, and it has cleaned every text.

pub mod batch;
mod canonical;
mod content;
mod event;
mod fields;
mod gate;
mod json;
mod problem;
mod record;
mod schema;
mod texts;
mod timestamp;

pub use content::Content;
pub use event::{Event, Status, Tier, Usage};
pub use fields::{Attributes, Count, EventId, HashRef, HexId, Label, Millis, Tag, Tokens, Version};
pub use gate::{Admission, ContentPolicy, Gate, GovernanceMode};
pub use json::{object, parse as parse_json};
pub use problem::{FieldProblem, pointer_to};
pub use record::{CostSource, PhiAction, PhiScan, Record, RecordedCost, Source, is_model_call};
pub use schema::{EVENT_SCHEMA, SCHEMA_VERSION};
pub use timestamp::Timestamp;
