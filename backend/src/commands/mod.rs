//! The command line: one file per command.

mod admin;
mod client;
mod cost;
mod dashboard;
mod healthcheck;
mod ledger;
mod metrics;
mod migrate;
mod openapi;
mod readiness;
mod report;
mod seed;
mod serve;
mod smoke;
mod worker;

use crate::audit::{self, Act, Actor};
use crate::config::{self, Config, ConfigArgs};
use crate::db::Conn;
use crate::state::AppState;
use crate::telemetry::{self, Reports};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

/// ResearchFlow: the provable record of AI research work.
#[derive(Debug, Parser)]
#[command(name = "researchflow", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The service.
    Serve(serve::ServeArgs),
    /// The insights worker alone, and its dead letters.
    Worker(worker::WorkerArgs),
    /// The database's schema.
    Migrate(migrate::MigrateArgs),
    /// Users and keys, straight on the database.
    Admin(admin::AdminArgs),
    /// The ledger: verify it, show its checkpoint, prove a record.
    Ledger(ledger::LedgerCommand),
    /// Costs.
    Cost(cost::CostArgs),
    /// Transparency reports.
    Report(report::ReportArgs),
    /// Prints the OpenAPI 3.1 document.
    Openapi,
    /// Prints what `/metrics` can tell, as a table in Markdown.
    Metrics(metrics::MetricsArgs),
    /// Asks the running service whether it is alive; for a container's HEALTHCHECK.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// How a running service is, in the terminal.
    Dashboard(dashboard::DashboardArgs),
    /// Checks a service that was just deployed.
    Smoke(smoke::SmokeArgs),
    /// Fills a running service with sample data, through its API.
    Seed(seed::SeedArgs),
}

/// Why a command ends without having done its work, in one plain sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<crate::error::ApiError> for Failure {
    fn from(error: crate::error::ApiError) -> Self {
        Self(error.in_full())
    }
}

impl From<crate::db::DbError> for Failure {
    fn from(error: crate::db::DbError) -> Self {
        Self::new(error)
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::new(error)
    }
}

impl From<crate::insights::InsightsError> for Failure {
    fn from(error: crate::insights::InsightsError) -> Self {
        Self::new(error)
    }
}

impl From<crate::ledger::LedgerError> for Failure {
    fn from(error: crate::ledger::LedgerError) -> Self {
        Self::new(error)
    }
}

/// What a command found: whether all is well.
type Verdict = Result<bool, Failure>;

/// Runs the command. Exit codes: 0 done, 1 the check or command failed, 2 usage.
#[expect(clippy::print_stderr, reason = "a command's one sentence goes to the terminal")]
pub fn main() -> ExitCode {
    if let Err(fault) = config::load_env_file() {
        eprintln!("{fault}");
        return ExitCode::from(2);
    }
    let matches = config::without_empty_variables(Cli::command()).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let verdict = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Worker(args) => worker::run(args),
        Command::Migrate(args) => migrate::run(args),
        Command::Admin(args) => admin::run(args),
        Command::Ledger(args) => ledger::run(args),
        Command::Cost(args) => cost::run(args),
        Command::Report(args) => report::run(args),
        Command::Openapi => openapi::run(),
        Command::Metrics(args) => metrics::run(args),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Dashboard(args) => dashboard::run(&args),
        Command::Smoke(args) => smoke::run(&args),
        Command::Seed(args) => seed::run(&args),
    };
    match verdict.and_then(|verdict| said().map(|()| verdict)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Settings of a command that works on the database.
#[derive(Debug, Args)]
struct OnDatabase {
    #[command(flatten)]
    config: ConfigArgs,
}

impl OnDatabase {
    /// The state that commands share with the service, which has made the database.
    fn state(self) -> Result<AppState, Failure> {
        let state = self.state_of_new()?;
        state.db.must_exist()?;
        Ok(state)
    }

    /// The same for whoever makes the database.
    fn state_of_new(self) -> Result<AppState, Failure> {
        let config: Config = self.config.validate().map_err(Failure::new)?;
        AppState::new(config).map_err(Failure::new)
    }
}

/// Makes the heads of a new ledger, and takes over what a previous key signed: whoever is the first
/// to write. Every user and every project was made by a sealed act.
fn adopt_ledger(conn: &mut Conn, state: &AppState) -> Result<(), Failure> {
    let is_new = !crate::projects::any(conn)? && !crate::auth::has_users(conn)?;
    for (log, from) in crate::ledger::adopt(conn, &state.signers, is_new)? {
        let to = log.key(&state.signers).verifier().to_string();
        let act = Act::LedgerKeyRotated { log, from, to };
        audit::append(conn, state, Actor::Operator, None, act)?;
    }
    Ok(())
}

/// Starts logging for a command that serves; what is returned is to be kept until its end.
fn start_logging(config: &Config) -> Result<Reports, Failure> {
    telemetry::init(&config.telemetry).map_err(Failure::new)
}

/// Tells running services what a command has changed, if there is a Redis to tell them by. Those
/// that do not hear of it see it within a second.
fn announce(state: &AppState, scopes: &[cache::Scope]) -> Result<(), Failure> {
    if state.config.redis.url.is_none() {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::new)?.block_on(async {
        let state = state.clone().with_redis().await.map_err(Failure::new)?;
        state.cache.bump(scopes).await;
        Ok(())
    })
}

/// Why a line could not be written on standard output.
static UNSAID: OnceLock<io::Error> = OnceLock::new();

/// One line on standard output. A reader that has gone away is no fault; a disk that is full is one.
fn say(line: impl std::fmt::Display) {
    if let Err(error) = writeln!(io::stdout().lock(), "{line}")
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = UNSAID.set(error);
    }
}

/// Whether all that was to be said could be written.
fn said() -> Result<(), Failure> {
    UNSAID.get().map_or(Ok(()), |error| Err(unsaid(error)))
}

fn unsaid(error: &io::Error) -> Failure {
    Failure(format!("The output could not be written: {error}."))
}
