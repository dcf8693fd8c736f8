//! The event's JSON Schema, as published.

/// The schema's version; older ones stay accepted.
pub const SCHEMA_VERSION: u32 = 1;

/// JSON Schema (draft 2020-12) of [`crate::Event`] as a client sends it.
pub const EVENT_SCHEMA: &str = include_str!("../schema/ai_invocation_event.json");
