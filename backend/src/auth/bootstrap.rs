//! The first start: an administrator, and a key to begin with.

use super::first_password::random_password;
use super::permissions::Scope;
use super::store::keys::{KeyRow, insert_key};
use super::store::users::{UserRow, create_user, has_users};
use super::{ApiKey, PasswordHash, key, password_rules};
use crate::audit::{self, Act, Actor};
use crate::db::Conn;
use crate::error::ApiError;
use crate::state::AppState;
use secrecy::{ExposeSecret, SecretString};

/// What was made at the first start and has to be shown, once.
#[derive(Default)]
pub struct Bootstrapped {
    /// The administrator's email and password, if the password was made here.
    pub admin: Option<(String, String)>,
    /// The API key, if it was made here.
    pub key: Option<String>,
}

/// Sets up the first administrator and key in a database that has no user yet. In development they
/// are made if the configuration has none.
///
/// # Errors
/// The database, or a configured password that cannot be used.
pub fn bootstrap(
    conn: &mut Conn,
    state: &AppState,
    project_id: &str,
) -> Result<Bootstrapped, ApiError> {
    let mut shown = Bootstrapped::default();
    if has_users(conn)? {
        return Ok(shown);
    }
    let settings = &state.config.bootstrap;
    let may_make = state.config.server.is_development();
    let admin = settings.admin.clone().or_else(|| {
        may_make.then(|| {
            let password = random_password();
            shown.admin = Some(("admin@localhost".to_owned(), password.clone()));
            ("admin@localhost".to_owned(), SecretString::from(password))
        })
    });
    if let Some((email, password)) = admin {
        let hash = operators_password(state, password.expose_secret(), &email)
            .map_err(|fault| ApiError::field("/password", fault))?;
        add_admin(conn, state, &email, &hash)?;
    }
    if let Some(text) = &settings.key {
        add_key(
            conn,
            state,
            project_id,
            &state.clock.new_id(),
            key::hash(text.expose_secret()).to_vec(),
        )?;
    } else if may_make {
        let made = ApiKey::generate(&state.clock.new_id());
        add_key(conn, state, project_id, made.id(), made.hash())?;
        shown.key = Some(made.reveal().to_owned());
    }
    Ok(shown)
}

fn add_admin(
    conn: &mut Conn,
    state: &AppState,
    email: &str,
    hash: &PasswordHash,
) -> Result<(), ApiError> {
    let user = UserRow {
        id: state.clock.new_id(),
        email: email.trim().to_lowercase(),
        password_hash: hash.as_str().to_owned(),
        is_admin: true,
        created_at: state.clock.now().micros(),
        disabled_at: None,
        // Whoever starts the service reads it in its log, and on a machine for development keeps it.
        password_expires_at: None,
    };
    let act = Act::UserCreated { user_id: user.id.clone(), is_admin: true };
    create_user(conn, user)?;
    Ok(audit::append(conn, state, Actor::System, None, act)?)
}

fn add_key(
    conn: &mut Conn,
    state: &AppState,
    project_id: &str,
    id: &str,
    key_hash: Vec<u8>,
) -> Result<(), ApiError> {
    let row = KeyRow {
        id: id.to_owned(),
        project_id: project_id.to_owned(),
        name: "bootstrap".to_owned(),
        key_hash,
        scopes: Scope::join(&Scope::ALL),
        created_at: state.clock.now().micros(),
        expires_at: None,
        revoked_at: None,
        quota: None,
        rotated_at: None,
    };
    let scopes = Scope::ALL.iter().map(ToString::to_string).collect();
    let act = Act::KeyCreated { key_id: row.id.clone(), scopes };
    insert_key(conn, row)?;
    Ok(audit::append(conn, state, Actor::System, Some(project_id), act)?)
}

/// Hashes a password that an operator chose. In development any of eight characters will do.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub fn operators_password(
    state: &AppState,
    password: &str,
    email: &str,
) -> Result<PasswordHash, String> {
    if !state.config.server.is_development() {
        password_rules::check(password, state.config.identity.password_min_length, email)?;
    }
    PasswordHash::of(password)
}
