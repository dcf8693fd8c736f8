//! The configuration: one section a file, all faults told together. Nothing else reads the
//! environment.

mod bootstrap;
mod database;
mod edge;
mod faults;
mod identity;
mod ledger;
mod oidc;
mod redis;
mod secrets;
mod server;
mod slow;
mod spool;
mod telemetry;
mod tls;
mod tracing;

pub use bootstrap::{Bootstrap, BootstrapArgs};
pub use database::{Database, DatabaseArgs};
pub use edge::{Edge, EdgeArgs, RouteClass};
pub use faults::ConfigError;
pub use identity::{Identity, IdentityArgs};
pub use ledger::{Ledger, LedgerArgs};
pub use oidc::{Oidc, OidcArgs};
pub use redis::{Redis, RedisArgs};
pub use secrets::{Secrets, SecretsArgs};
pub use server::{Environment, Server, ServerArgs};
pub use slow::SlowRequests;
pub use spool::{Spool, SpoolArgs};
pub use telemetry::{LogFormat, Telemetry, TelemetryArgs};
pub use tls::TlsArgs;
pub use tracing::{Sampler, Tracing, TracingArgs};

use faults::Faults;
use hardening::serve::tls::TlsSettings;
use std::path::Path;

/// Every setting as given, by variable or flag.
#[derive(Debug, Clone, clap::Args)]
pub struct ConfigArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    spool: SpoolArgs,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    redis: RedisArgs,
    #[command(flatten)]
    edge: EdgeArgs,
    #[command(flatten)]
    secrets: SecretsArgs,
    #[command(flatten)]
    ledger: LedgerArgs,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    oidc: OidcArgs,
    #[command(flatten)]
    bootstrap: BootstrapArgs,
    #[command(flatten)]
    telemetry: TelemetryArgs,
}

/// Every setting, valid.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where and how it listens.
    pub server: Server,
    /// Which database.
    pub database: Database,
    /// What is kept on disk while that is away.
    pub spool: Spool,
    /// How it speaks TLS; `None`: plain HTTP.
    pub tls: Option<TlsSettings>,
    /// Where Redis is, if there is one.
    pub redis: Redis,
    /// What the edge lets through.
    pub edge: Edge,
    /// The keys that everything else is derived from.
    pub secrets: Secrets,
    /// The ledger's name.
    pub ledger: Ledger,
    /// How people sign in, and for how long.
    pub identity: Identity,
    /// The OpenID provider at which people may sign in; `None`: none.
    pub oidc: Option<Oidc>,
    /// What the first start sets up.
    pub bootstrap: Bootstrap,
    /// What is logged, and how.
    pub telemetry: Telemetry,
    /// What would stop the start in production.
    pub warnings: Vec<String>,
}

impl Config {
    /// Whether browsers come by TLS, so that cookies can be kept to it.
    pub fn is_secure(&self) -> bool {
        !self.server.is_development() || self.tls.is_some() || self.edge.tls_terminated
    }

    /// Whether what clients send can be read on its way.
    fn is_plain_in_public(&self) -> bool {
        let is_public = !self.server.listen.ip().to_canonical().is_loopback();
        is_public && self.tls.is_none() && !self.edge.tls_terminated
    }
}

impl ConfigArgs {
    /// Checks every setting. In development a missing secret is made once and kept in the data
    /// directory.
    ///
    /// # Errors
    /// All faults together.
    pub fn validate(self) -> Result<Config, ConfigError> {
        let mut faults = Faults::default();
        let server = self.server.validate(&mut faults);
        let mut config = Config {
            database: self.database.validate(&server, &mut faults),
            spool: self.spool.validate(&server),
            tls: self.tls.validate(&server, &mut faults),
            redis: self.redis.validate(&mut faults),
            edge: self.edge.validate(&server, &mut faults),
            secrets: self.secrets.validate(&server, &mut faults),
            ledger: self.ledger.validate(&mut faults),
            identity: self.identity.validate(&server, &mut faults),
            oidc: self.oidc.validate(&server, &mut faults),
            bootstrap: self.bootstrap.validate(&server, &mut faults),
            telemetry: self.telemetry.validate(&server, &mut faults),
            warnings: Vec::new(),
            server,
        };
        faults.compare_secrets();
        if config.is_plain_in_public() {
            faults.weakness(
                "RESEARCHFLOW_LISTEN is open to other machines, and would speak plain HTTP there; \
                 set RESEARCHFLOW_TLS_CERT and RESEARCHFLOW_TLS_KEY, or, behind a proxy that speaks \
                 TLS, RESEARCHFLOW_TLS_TERMINATED",
            );
        }
        config.warnings = faults.end(config.server.is_production())?;
        Ok(config)
    }
}

/// Reads `.env` in the working directory into the environment; what is set already stays.
///
/// # Errors
/// The file is there but cannot be read or parsed.
pub fn load_env_file() -> Result<(), String> {
    let path = Path::new(".env");
    match dotenvy::from_path(path) {
        Ok(()) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        Err(dotenvy::Error::Io(error)) => Err(format!(".env cannot be read: {error}")),
        Err(error) => {
            let line = line_of(&error, &std::fs::read_to_string(path).unwrap_or_default());
            Err(format!(
                ".env cannot be read: {line} is not NAME=VALUE, or its value needs quotes or lacks one"
            ))
        }
    }
}

/// Where the file has a line that cannot be parsed. What it says is not repeated: it may be a secret.
fn line_of(error: &dotenvy::Error, text: &str) -> String {
    let dotenvy::Error::LineParse(fault, _) = error else { return "a line".to_owned() };
    // A quote that is left open takes in all that follows.
    let first = fault.lines().next().unwrap_or_default().trim();
    // Of some faults only the value is told.
    let is_it = |line: &str| {
        let value = line.split_once('=').map_or(line, |(_, value)| value);
        [line, value].map(str::trim).contains(&first)
    };
    let at = text.lines().position(is_it).filter(|_| !first.is_empty());
    at.map_or_else(|| "a line".to_owned(), |at| format!("line {}", at + 1))
}

/// The command with every variable that is set but empty taken for not set, as compose files mean
/// it.
pub fn without_empty_variables(command: clap::Command) -> clap::Command {
    #[expect(clippy::disallowed_methods, reason = "`config` reads the environment")]
    let is_empty =
        |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if is_empty(name) => arg.env(clap::builder::Resettable::Reset),
        _ => arg,
    });
    command.mut_subcommands(without_empty_variables)
}
