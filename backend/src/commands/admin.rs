//! `researchflow admin`: bootstrap and rescue.

use super::{Failure, OnDatabase, Verdict, say};
use crate::audit::{self, Act, Actor};
use crate::auth::{self, ApiKey, KeyRow, Scope};
use crate::db;
use crate::projects;
use crate::state::AppState;
use std::io::{IsTerminal, Read};

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
    User(UserCommand),
    /// API keys.
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, clap::Subcommand)]
enum UserCommand {
    /// Make a user. The password is read from standard input, or made and printed.
    Create {
        /// Their email.
        #[arg(long)]
        email: String,
        /// They administer the whole service.
        #[arg(long)]
        admin: bool,
    },
    /// Disable a user and end their sessions.
    Disable {
        /// Their email.
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, clap::Subcommand)]
enum KeyCommand {
    /// Make an API key and print it.
    Create {
        /// The project, by id or slug.
        #[arg(long, default_value = "default")]
        project: String,
        /// What to call it.
        #[arg(long, default_value = "command line")]
        name: String,
        /// What it may be used for; several are allowed.
        #[arg(long, value_enum, required = true)]
        scope: Vec<Scope>,
    },
    /// Revoke an API key.
    Revoke {
        /// The key's id.
        id: String,
    },
}

pub(super) fn run(args: AdminArgs) -> Verdict {
    let state = args.on.state()?;
    match args.what {
        What::User(UserCommand::Create { email, admin }) => create_user(&state, &email, admin)?,
        What::User(UserCommand::Disable { email }) => disable_user(&state, &email)?,
        What::Key(KeyCommand::Create { project, name, scope }) => {
            create_key(&state, &project, name, &scope)?;
        }
        What::Key(KeyCommand::Revoke { id }) => revoke_key(&state, id)?,
    }
    Ok(true)
}

fn create_user(state: &AppState, email: &str, is_admin: bool) -> Result<(), Failure> {
    let email = email.trim().to_lowercase();
    if !email.contains('@') {
        return Err(Failure::new("--email must be an email address."));
    }
    let given = password_from_stdin()?;
    let password = given.clone().unwrap_or_else(auth::random_password);
    let hash = auth::operators_password(state, &password, &email)
        .map_err(|fault| Failure(format!("The password {fault}.")))?;
    let user = auth::UserRow {
        id: state.clock.new_id(),
        email: email.clone(),
        password_hash: hash.as_str().to_owned(),
        is_admin,
        created_at: state.clock.now().micros(),
        disabled_at: None,
    };
    let mut conn = state.db.connect()?;
    db::write(&mut conn, |conn| {
        let act = Act::UserCreated { user_id: user.id.clone(), is_admin };
        if !auth::create_user(conn, user)? {
            return Err(Failure(format!("There is a user {email} already.")));
        }
        Ok(audit::append(conn, state, Actor::Operator, None, act)?)
    })?;
    match given {
        Some(_) => say(format_args!("{email} can sign in.")),
        None => say(format_args!("{email} can sign in with the password {password}")),
    }
    Ok(())
}

/// What is piped in; nothing at a terminal or with an empty input.
fn password_from_stdin() -> Result<Option<String>, Failure> {
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    stdin.read_to_string(&mut text).map_err(Failure::new)?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    Ok((!password.is_empty()).then_some(password))
}

fn disable_user(state: &AppState, email: &str) -> Result<(), Failure> {
    let mut conn = state.db.connect()?;
    db::write(&mut conn, |conn| {
        let email = email.trim().to_lowercase();
        let user_id = auth::disable_user(conn, &email, state.clock.now().micros())?;
        let user_id = user_id.ok_or_else(|| Failure(format!("There is no user {email}.")))?;
        Ok::<_, Failure>(audit::append(
            conn,
            state,
            Actor::Operator,
            None,
            Act::UserDisabled { user_id },
        )?)
    })?;
    say("Disabled.");
    Ok(())
}

fn create_key(
    state: &AppState,
    project: &str,
    name: String,
    scopes: &[Scope],
) -> Result<(), Failure> {
    let key = ApiKey::generate(&state.clock.new_id());
    let mut conn = state.db.connect()?;
    db::write(&mut conn, |conn| {
        let project = projects::find(conn, project)?
            .ok_or_else(|| Failure(format!("There is no project {project}.")))?;
        let row = KeyRow {
            id: key.id().to_owned(),
            project_id: project.id.clone(),
            name,
            key_hash: key.hash(),
            scopes: Scope::join(scopes),
            created_at: state.clock.now().micros(),
            expires_at: None,
            revoked_at: None,
            quota: None,
        };
        let scopes = scopes.iter().map(ToString::to_string).collect();
        let act = Act::KeyCreated { key_id: row.id.clone(), scopes };
        auth::insert_key(conn, row)?;
        Ok::<_, Failure>(audit::append(conn, state, Actor::Operator, Some(&project.id), act)?)
    })?;
    say(key.reveal());
    Ok(())
}

fn revoke_key(state: &AppState, id: String) -> Result<(), Failure> {
    let mut conn = state.db.connect()?;
    db::write(&mut conn, |conn| {
        let project_id = auth::revoke_key(conn, None, &id, state.clock.now().micros())?;
        let project_id =
            project_id.ok_or_else(|| Failure(format!("There is no key {id} in use.")))?;
        let act = Act::KeyRevoked { key_id: id };
        Ok::<_, Failure>(audit::append(conn, state, Actor::Operator, Some(&project_id), act)?)
    })?;
    say("Revoked.");
    Ok(())
}
