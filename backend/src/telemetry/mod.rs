//! Logs, metrics, spans and reports of errors. No text of an event, no secret and no query string ever
//! reaches any of them.

mod cache;
mod classes;
mod latencies;
mod logs;
mod metrics;
mod panics;
mod registry;
mod sentry;
pub mod traces;

pub use cache::register_cache;
pub use classes::{ClassCounts, Classes};
pub use latencies::Latencies;
pub use logs::init;
pub use metrics::Metrics;
pub use registry::Registry;
pub use sentry::Reports;
