//! What the service promises, asked from outside, on SQLite and on PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod api;
mod cache;
mod e2e;
mod edge;
mod identity;
mod insights;
mod invocations;
mod plans;
mod resilience;
mod schema;
mod security;
mod telemetry;
