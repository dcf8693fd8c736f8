//! `researchflow migrate`.

use super::{OnDatabase, Verdict, say};
use crate::db::migrate;

#[derive(Debug, clap::Args)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    on: OnDatabase,
    /// What to do.
    #[arg(value_enum, default_value = "up")]
    step: Step,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Step {
    /// Run all migrations that have not run.
    Up,
    /// Take the newest back.
    Down,
    /// List them.
    Status,
}

pub(super) fn run(args: MigrateArgs) -> Verdict {
    let makes_it = matches!(args.step, Step::Up);
    let state = if makes_it { args.on.state_of_new()? } else { args.on.state()? };
    let mut conn = state.db.connect()?;
    match args.step {
        Step::Up => {
            let done = migrate::up(&mut conn)?;
            done.iter().for_each(|version| say(format_args!("{version} applied")));
            if done.is_empty() {
                say("The schema is up to date.");
            }
        }
        Step::Down => say(format_args!("{} taken back", migrate::down(&mut conn)?)),
        Step::Status => {
            for step in migrate::status(&mut conn)? {
                say(format_args!(
                    "{} {}",
                    step.name,
                    if step.applied { "applied" } else { "pending" }
                ));
            }
        }
    }
    Ok(true)
}
