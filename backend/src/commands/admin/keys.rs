//! `researchflow admin key`.

use crate::audit::{self, Act, Actor};
use crate::auth::{self, ApiKey, KeyRow, Scope};
use crate::commands::{Failure, announce, say};
use crate::db;
use crate::projects;
use crate::state::AppState;

#[derive(Debug, clap::Subcommand)]
pub(super) enum KeyCommand {
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

pub(super) fn run(state: &AppState, command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Create { project, name, scope } => create_key(state, &project, name, &scope),
        KeyCommand::Revoke { id } => revoke_key(state, id),
    }
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
            rotated_at: None,
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
    let key = db::write(&mut conn, |conn| {
        let key = auth::key(conn, &id)?;
        let key = key.ok_or_else(|| Failure(format!("There is no key {id}.")))?;
        if auth::revoke_key(conn, &id, state.clock.now().micros())? {
            let act = Act::KeyRevoked { key_id: id };
            audit::append(conn, state, Actor::Operator, Some(&key.project_id), act)?;
        }
        Ok::<_, Failure>(key)
    })?;
    announce(state, &[auth::key_scope(&key)])?;
    say("Revoked.");
    Ok(())
}
