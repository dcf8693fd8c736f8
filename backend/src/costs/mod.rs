//! Costs: what the priced calls cost, by whatever they have in common.
//!
//! Reads the table of invocations; owns none.

mod api;
mod store;

pub use api::{paths, routes};
pub use store::{CostLine, GroupBy, breakdown};
