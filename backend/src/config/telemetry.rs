//! What is logged, measured and told to others, and how.

use super::{Faults, Server, SlowRequests, Tracing, TracingArgs};
use secrecy::{ExposeSecret, SecretString};
use sentry::types::Dsn;
use std::path::PathBuf;
use std::time::Duration;

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
    /// What this process is called in alerts and errors; its machine's name and port, if empty.
    #[arg(long, env = "RESEARCHFLOW_NODE", default_value = "")]
    node: String,
    /// Beyond how many milliseconds a request is slow, as in `api=500,ingest=1000`: changes to
    /// `api=1000,ingest=1000,gateway=30000`.
    #[arg(long, env = "RESEARCHFLOW_SLOW_REQUESTS", default_value = "")]
    slow_requests: String,
    /// Seconds that the shares of slow, failed and refused requests are looked at over, 10 to 3600.
    #[arg(long, env = "RESEARCHFLOW_ALERT_WINDOW_SECONDS", default_value_t = 300)]
    alert_window_seconds: u64,
    /// The Sentry project that errors are sent to; empty: none.
    #[arg(long, env = "SENTRY_DSN", hide_env_values = true)]
    sentry_dsn: Option<SecretString>,
    /// A file that holds the DSN of Sentry.
    #[arg(long, env = "SENTRY_DSN_FILE")]
    sentry_dsn_file: Option<PathBuf>,
    #[command(flatten)]
    tracing: TracingArgs,
}

/// Settings, valid.
#[derive(Clone)]
pub struct Telemetry {
    /// A `tracing` filter.
    pub log: String,
    /// How lines look.
    pub format: LogFormat,
    /// What this process is called; `None`: its machine's name and port.
    pub node: Option<String>,
    /// Which environment this is, in a word.
    pub environment: &'static str,
    /// Beyond how long a request is slow.
    pub slow: SlowRequests,
    /// What the shares of slow, failed and refused requests are looked at over.
    pub alert_window: Duration,
    /// Where errors are sent.
    pub sentry_dsn: Option<Dsn>,
    /// Where spans of requests are sent.
    pub tracing: Option<Tracing>,
}

/// The DSN holds a key.
impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Telemetry")
    }
}

impl Telemetry {
    /// What this process is called that listens at `port`.
    pub fn node_at(&self, port: u16) -> String {
        self.node.clone().unwrap_or_else(|| format!("{}:{port}", machine()))
    }
}

/// The machine's name.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().take(80).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

impl TelemetryArgs {
    pub(super) fn validate(self, server: &Server, faults: &mut Faults) -> Telemetry {
        let usual = if server.is_development() { LogFormat::Pretty } else { LogFormat::Json };
        let given = self.sentry_dsn.as_ref().map(ExposeSecret::expose_secret);
        let dsn = faults.secret("SENTRY_DSN", given, self.sentry_dsn_file.as_deref());
        let dsn = dsn.and_then(|dsn| match dsn.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| {
                "SENTRY_DSN must look like https://KEY@HOST/PROJECT, as Sentry shows it".to_owned()
            }),
        });
        let slow = self.slow_requests.parse::<SlowRequests>();
        let slow = slow.map_err(|fault| format!("RESEARCHFLOW_SLOW_REQUESTS {fault}"));
        if !(10..=3600).contains(&self.alert_window_seconds) {
            faults.add("RESEARCHFLOW_ALERT_WINDOW_SECONDS must be 10 to 3600");
        }
        Telemetry {
            log: self.log,
            format: self.log_format.unwrap_or(usual),
            node: faults.or(node(self.node.trim()), None),
            environment: server.environment.name(),
            slow: faults.or(slow, SlowRequests::default()),
            alert_window: Duration::from_secs(self.alert_window_seconds),
            sentry_dsn: faults.or(dsn, None),
            tracing: self.tracing.validate(faults),
        }
    }
}

fn node(name: &str) -> Result<Option<String>, String> {
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.' | ':');
    match name {
        "" => Ok(None),
        name if name.len() <= 100 && name.chars().all(plain) => Ok(Some(name.to_owned())),
        _ => Err("RESEARCHFLOW_NODE must be 100 letters, digits, -, _, . and : at most".to_owned()),
    }
}
