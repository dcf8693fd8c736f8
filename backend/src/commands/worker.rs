//! `researchflow worker`.

use super::serve::{metrics_listener, metrics_server, stop_signal};
use super::{Failure, Verdict, say, start_logging};
use crate::audit::{self, Act, Actor};
use crate::config::ConfigArgs;
use crate::db::{self, Conn};
use crate::insights::{Insights, InsightsError, Settled, drop_letter, retry_letter};
use crate::invocations::Commits;
use crate::state::AppState;

#[derive(Debug, clap::Args)]
pub(super) struct WorkerArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Entries of the feed that the workers gave up.
    #[command(subcommand)]
    DeadLetters(LettersCommand),
}

#[derive(Debug, clap::Subcommand)]
enum LettersCommand {
    /// Show them.
    List,
    /// Try one again: its invocation goes into the rollups.
    Retry {
        /// Its index.
        index: u64,
    },
    /// Drop one that no invocation is behind.
    Drop {
        /// Its index.
        index: u64,
    },
}

pub(super) fn run(args: WorkerArgs) -> Verdict {
    let config = args.config.validate().map_err(Failure::new)?;
    let serves = args.what.is_none();
    let _reports = serves.then(|| start_logging(&config)).transpose()?;
    let state = AppState::new(config).map_err(Failure::new)?;
    state.db.must_exist()?;
    actix_web::rt::System::new().block_on(async {
        let state = state.with_redis().await.map_err(Failure::new)?;
        let insights = Insights::new(state.clone(), Commits::none()).map_err(Failure::new)?;
        match args.what {
            None => work(&state, &insights).await,
            Some(What::DeadLetters(command)) => letters(&state, &insights, command).await,
        }
    })
}

/// Works until a signal says to stop; the batch that is under way is finished.
async fn work(state: &AppState, insights: &Insights) -> Verdict {
    let listener = metrics_listener(state)?;
    let metrics = metrics_server(state, insights, listener).map_err(Failure::new)?;
    insights.relay();
    insights.work();
    let stop = stop_signal().map_err(Failure::new)?;
    tracing::info!("working");
    stop.await;
    tracing::info!("stopping");
    insights.stop().await;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    tracing::info!("stopped");
    Ok(true)
}

async fn letters(state: &AppState, insights: &Insights, command: LettersCommand) -> Verdict {
    match command {
        LettersCommand::List => {
            for letter in insights.dead_letters().await? {
                let reason = letter.reason.as_deref().unwrap_or("the reason is lost with Redis");
                let behind = if letter.has_invocation { "an invocation" } else { "no invocation" };
                say(format_args!("{:>16}  {behind:<13}  {reason}", letter.index));
            }
            Ok(true)
        }
        LettersCommand::Retry { index } => {
            let act = Act::DeadLetterRetried { index };
            settle(state, insights, index, (retry_letter, act)).await
        }
        LettersCommand::Drop { index } => {
            let act = Act::DeadLetterDropped { index };
            settle(state, insights, index, (drop_letter, act)).await
        }
    }
}

/// What is done with a letter, and how that is called in the audit trail.
type Deed = (fn(&mut Conn, u64) -> Result<Settled, InsightsError>, Act);

async fn settle(state: &AppState, insights: &Insights, index: u64, (deed, act): Deed) -> Verdict {
    let absent = || Failure(format!("There is no dead letter {index}."));
    if insights.dead_letters().await?.iter().all(|letter| letter.index != index) {
        return Err(absent());
    }
    let mut conn = state.db.connect()?;
    let settled = db::write(&mut conn, |conn| match deed(conn, index)? {
        Settled::Refused => Err(Failure(format!(
            "The dead letter {index} stays: its invocation is there, and sums read it from its row."
        ))),
        settled => {
            audit::append(conn, state, Actor::Operator, None, act)?;
            Ok(settled)
        }
    })?;
    drop(conn);
    match insights.discard(index, settled).await {
        Settled::Done => Ok(true),
        Settled::NoLetter | Settled::Refused => Err(absent()),
    }
}
