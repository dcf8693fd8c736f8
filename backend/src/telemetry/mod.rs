//! Logs and metrics. No text of an event, no secret and no query string ever reaches either.

mod cache;
mod logs;
mod metrics;

pub use cache::register_cache;
pub use logs::init;
pub use metrics::Metrics;
