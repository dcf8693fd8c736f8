//! `researchflow admin`: bootstrap and rescue.

mod keys;
mod users;

use super::{OnDatabase, Verdict, adopt_ledger};
use crate::db;

#[derive(Debug, clap::Args)]
pub(super) struct AdminArgs {
    #[command(flatten)]
    on: OnDatabase,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Users.
    #[command(subcommand)]
    User(users::UserCommand),
    /// API keys.
    #[command(subcommand)]
    Key(keys::KeyCommand),
}

pub(super) fn run(args: AdminArgs) -> Verdict {
    let state = args.on.state()?;
    let mut conn = state.db.connect()?;
    db::write(&mut conn, |conn| adopt_ledger(conn, &state))?;
    drop(conn);
    match args.what {
        What::User(command) => users::run(&state, command)?,
        What::Key(command) => keys::run(&state, command)?,
    }
    Ok(true)
}
