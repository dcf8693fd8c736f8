//! The feed over a real Redis, over a Cluster's node, and over a database's rows: what must hold for
//! all of them, then what can only happen to Redis.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails in a test is to stop it"
)]

mod everywhere;
mod memory;
mod publishing;
mod sharing;
mod trouble;
mod world;
