//! Where the service listens and keeps its files.

use super::Faults;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

/// Which rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Environment {
    /// Secrets are made, a first user and key are printed.
    Development,
    /// As production, with test data allowed.
    Staging,
    /// A missing, short or well-known secret stops the start.
    Production,
}

impl Environment {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// Actix's server has no room for more.
const MOST_WORKERS: usize = 512;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArgs {
    /// Which rules apply.
    #[arg(long = "env", env = "RESEARCHFLOW_ENV", value_enum, default_value = "development")]
    environment: Environment,
    /// Address and port to serve at; port 0 takes a free one.
    #[arg(long, env = "RESEARCHFLOW_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Address and port of a listener of its own for /metrics; empty: on the main port.
    #[arg(long, env = "RESEARCHFLOW_METRICS_LISTEN", default_value = "")]
    metrics_listen: String,
    /// Where files are kept: the SQLite database and, in development, secrets made at first start.
    #[arg(long, env = "RESEARCHFLOW_DATA_DIR", default_value = "./data")]
    data_dir: PathBuf,
    /// Seconds between SIGTERM and the end of draining.
    #[arg(long, env = "RESEARCHFLOW_SHUTDOWN_SECONDS", default_value_t = 30)]
    shutdown_seconds: u64,
    /// Worker threads, 512 at most; 0 means one a core.
    #[arg(long, env = "RESEARCHFLOW_WORKERS", default_value_t = 0)]
    workers: usize,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Server {
    /// Which rules apply.
    pub environment: Environment,
    /// Address and port to serve at.
    pub listen: SocketAddr,
    /// The listener of `/metrics`, if it has its own.
    pub metrics_listen: Option<SocketAddr>,
    /// Where files are kept.
    pub data_dir: PathBuf,
    /// Seconds between SIGTERM and the end of draining.
    pub shutdown_seconds: u64,
    /// Worker threads.
    pub workers: usize,
}

impl ServerArgs {
    pub(super) fn validate(self, faults: &mut Faults) -> Server {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data_dir);
        if let Err(error) = made {
            let dir = self.data_dir.display();
            faults.add(format!("RESEARCHFLOW_DATA_DIR ({dir}) cannot be made: {error}"));
        }
        let metrics_listen = match self.metrics_listen.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                "RESEARCHFLOW_METRICS_LISTEN must be an address and a port".to_owned()
            }),
        };
        if self.workers > MOST_WORKERS {
            faults.add(format!("RESEARCHFLOW_WORKERS must be 0 to {MOST_WORKERS}"));
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Server {
            environment: self.environment,
            listen: self.listen,
            metrics_listen: faults.or(metrics_listen, None),
            data_dir: self.data_dir,
            shutdown_seconds: self.shutdown_seconds,
            workers: if self.workers == 0 { cores.min(MOST_WORKERS) } else { self.workers },
        }
    }
}

impl Server {
    /// Whether this is development, where secrets may be made and printed.
    pub fn is_development(&self) -> bool {
        self.environment == Environment::Development
    }

    /// Whether this is production, where nothing weak may start.
    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }
}
