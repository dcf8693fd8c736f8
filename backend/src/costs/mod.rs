//! Costs: what the priced calls cost, by whatever they have in common.
//!
//! Asks `insights` for the sums; owns no table.

mod api;
mod remembered;

pub use api::{paths, project_routes};
