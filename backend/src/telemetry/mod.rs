//! Logs and metrics. No text of an event, no secret and no query string ever reaches either.

mod logs;
mod metrics;

pub use logs::init;
pub use metrics::Metrics;
