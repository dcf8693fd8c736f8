//! What is logged, and how.

use super::Server;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct TelemetryArgs {
    /// Which log lines are written, by level and module.
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    log: String,
    /// How they look; pretty in development, JSON elsewhere.
    #[arg(long, env = "RESEARCHFLOW_LOG_FORMAT", value_enum)]
    log_format: Option<LogFormat>,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// A `tracing` filter.
    pub log: String,
    /// How lines look.
    pub format: LogFormat,
}

impl TelemetryArgs {
    pub(super) fn validate(self, server: &Server) -> Telemetry {
        let usual = if server.is_development() { LogFormat::Pretty } else { LogFormat::Json };
        Telemetry { log: self.log, format: self.log_format.unwrap_or(usual) }
    }
}
