//! `researchflow admin user`.

use crate::audit::{self, Act, Actor};
use crate::auth::{self, IdentityRow, NewPassword, UserRow};
use crate::commands::{Failure, say};
use crate::db::{self, Conn};
use crate::state::AppState;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(super) enum UserCommand {
    /// Make a user.
    Create {
        #[command(flatten)]
        of: Email,
        #[command(flatten)]
        password: Password,
        /// They administer the whole service.
        #[arg(long)]
        admin: bool,
    },
    /// Let a user sign in at the OpenID provider, as whom it knows by a subject.
    Link {
        #[command(flatten)]
        of: Email,
        /// The claim `sub` that the provider sends for them.
        #[arg(long)]
        subject: String,
    },
    /// Disable a user and end their sessions.
    Disable(Email),
    /// Let a disabled user in again.
    Enable(Email),
    /// Give a user another password and end their sessions. Their second factor stays.
    ResetPassword {
        #[command(flatten)]
        of: Email,
        #[command(flatten)]
        password: Password,
    },
    /// Take away the second factor of a user who lost it, with its recovery codes, and end their
    /// sessions. Be sure that it is they who ask.
    ResetSecondFactor(Email),
}

#[derive(Debug, clap::Args)]
pub(super) struct Email {
    /// Their email.
    #[arg(long)]
    email: String,
}

impl Email {
    fn normal(&self) -> String {
        self.email.trim().to_lowercase()
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Password {
    /// A file that holds the password. Without it the password is read from standard input, or
    /// made and printed if nothing is piped in; one that is made ends in 24 hours.
    #[arg(long)]
    password_file: Option<PathBuf>,
}

pub(super) fn run(state: &AppState, command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Create { of, password, admin } => create(state, &of, &password, admin),
        UserCommand::Link { of, subject } => link(state, &of, subject),
        UserCommand::Disable(of) => disable(state, &of),
        UserCommand::Enable(of) => enable(state, &of),
        UserCommand::ResetPassword { of, password } => reset_password(state, &of, &password),
        UserCommand::ResetSecondFactor(of) => reset_second_factor(state, &of),
    }
}

fn create(state: &AppState, of: &Email, from: &Password, is_admin: bool) -> Result<(), Failure> {
    let email = of.normal();
    if !email.contains('@') {
        return Err(Failure::new("--email must be an email address."));
    }
    let password = from.take(state, &email)?;
    let user = UserRow {
        id: state.clock.new_id(),
        email: email.clone(),
        password_hash: password.new.hash.as_str().to_owned(),
        is_admin,
        created_at: state.clock.now().micros(),
        disabled_at: None,
        password_expires_at: password.new.expires_at,
    };
    let mut conn = state.db.connect()?;
    db::write(&mut conn, |conn| {
        let act = Act::UserCreated { user_id: user.id.clone(), is_admin };
        if !auth::create_user(conn, user)? {
            return Err(Failure(format!("There is a user {email} already.")));
        }
        Ok(audit::append(conn, state, Actor::Operator, None, act)?)
    })?;
    password.show(&email);
    Ok(())
}

fn link(state: &AppState, of: &Email, subject: String) -> Result<(), Failure> {
    let provider = state.config.oidc.as_ref();
    let provider =
        provider.ok_or_else(|| Failure::new("RESEARCHFLOW_OIDC_ISSUER says no provider."))?;
    if !auth::is_subject(&subject) {
        return Err(Failure::new("--subject must have 1 to 255 bytes."));
    }
    let created_at = state.clock.now().micros();
    on_user(state, of, |conn, user| {
        let (user_id, issuer) = (user.id.clone(), provider.issuer.clone());
        let act = Act::IdentityLinked { user_id: user_id.clone(), issuer: issuer.clone() };
        if !auth::link_identity(conn, IdentityRow { issuer, subject, user_id, created_at })? {
            return Err(Failure::new("The user, or the subject, is linked already."));
        }
        Ok(act)
    })?;
    say("Linked.");
    Ok(())
}

fn disable(state: &AppState, of: &Email) -> Result<(), Failure> {
    let now = state.clock.now().micros();
    on_user(state, of, |conn, user| {
        auth::disable_user(conn, user, now)?;
        Ok(Act::UserDisabled { user_id: user.id.clone() })
    })?;
    say("Disabled.");
    Ok(())
}

fn enable(state: &AppState, of: &Email) -> Result<(), Failure> {
    on_user(state, of, |conn, user| {
        auth::enable_user(conn, user)?;
        Ok(Act::UserEnabled { user_id: user.id.clone() })
    })?;
    say("Enabled.");
    Ok(())
}

fn reset_password(state: &AppState, of: &Email, from: &Password) -> Result<(), Failure> {
    let email = of.normal();
    let password = from.take(state, &email)?;
    on_user(state, of, |conn, user| {
        auth::reset_password(conn, state, user, &password.new)?;
        Ok(Act::PasswordReset { user_id: user.id.clone() })
    })?;
    password.show(&email);
    Ok(())
}

fn reset_second_factor(state: &AppState, of: &Email) -> Result<(), Failure> {
    on_user(state, of, |conn, user| {
        if !auth::reset_second_factor(conn, user)? {
            return Err(Failure(format!("{} has no second factor.", user.email)));
        }
        Ok(Act::SecondFactorReset { user_id: user.id.clone() })
    })?;
    say("The second factor is gone; a new one can be set up after signing in.");
    Ok(())
}

/// Does something about a user and seals it, in one transaction.
fn on_user(
    state: &AppState,
    of: &Email,
    body: impl FnOnce(&mut Conn, &UserRow) -> Result<Act, Failure>,
) -> Result<(), Failure> {
    let email = of.normal();
    let mut conn = state.db.connect()?;
    db::write(&mut conn, |conn| {
        let user = auth::find_user(conn, &email)?;
        let user = user.ok_or_else(|| Failure(format!("There is no user {email}.")))?;
        let act = body(conn, &user)?;
        Ok::<_, Failure>(audit::append(conn, state, Actor::Operator, None, act)?)
    })
}

/// A password that is good, and has to be shown if it was made here.
struct Taken {
    new: NewPassword,
    made: Option<String>,
}

impl Password {
    fn take(&self, state: &AppState, email: &str) -> Result<Taken, Failure> {
        let given = match &self.password_file {
            Some(path) => Some(in_file(path)?),
            None => piped_in()?,
        };
        let made = given.is_none().then(auth::random_password);
        let password = given.as_deref().or(made.as_deref()).unwrap_or_default();
        let hash = auth::operators_password(state, password, email)
            .map_err(|fault| Failure(format!("The password {fault}.")))?;
        let new = match made {
            Some(_) => NewPassword::made(hash, state.clock.now().micros()),
            None => NewPassword::chosen(hash),
        };
        Ok(Taken { new, made })
    }
}

impl Taken {
    fn show(&self, email: &str) {
        match &self.made {
            Some(password) => {
                say(format_args!(
                    "{email} can sign in, for 24 hours, with the password {password}"
                ));
            }
            None => say(format_args!("{email} can sign in.")),
        }
    }
}

fn in_file(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path);
    let text =
        text.map_err(|error| Failure(format!("{} cannot be read: {error}.", path.display())))?;
    Ok(without_line_end(&text))
}

/// What is piped in; nothing at a terminal or with an empty input.
fn piped_in() -> Result<Option<String>, Failure> {
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    stdin.read_to_string(&mut text).map_err(Failure::new)?;
    let password = without_line_end(&text);
    Ok((!password.is_empty()).then_some(password))
}

fn without_line_end(text: &str) -> String {
    text.trim_end_matches(['\r', '\n']).to_owned()
}
