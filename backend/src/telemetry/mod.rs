//! Logs, metrics, spans and reports of errors. No secret, no query string and no text of an event ever
//! reaches any of them, but for the names of agents, as the PHI gate left them, in metrics.

mod cache;
mod classes;
mod disk;
mod fields;
mod latencies;
mod logs;
mod metrics;
mod panics;
mod registry;
mod sentry;
pub mod traces;

pub use cache::register_cache;
pub use classes::{ClassCounts, Classes};
pub use disk::{Disk, Room};
pub use latencies::Latencies;
pub use logs::init;
pub use metrics::Metrics;
pub use registry::Registry;
pub use sentry::Reports;
