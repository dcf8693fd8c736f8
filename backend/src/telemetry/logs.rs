//! Log lines on standard output.

use crate::config::{LogFormat, Telemetry};
use tracing_subscriber::EnvFilter;

/// Starts logging for the whole process.
///
/// # Errors
/// The filter cannot be read, or logging has started before.
pub fn init(settings: &Telemetry) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| format!("RUST_LOG: {error}"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Pretty => lines.with_target(false).try_init(),
    }
    .map_err(|error| error.to_string())
}
