//! From an identity to an account: who is let in, and as whom.
//!
//! Somebody is known by issuer and subject. An email links once, and only if the provider has made
//! sure of it, the account has no other identity there, and no second factor guards it: emails are
//! given to others when people leave, and an account must not be had by its email alone.

use super::flow::Flow;
use super::provider::{Person, Provider};
use crate::audit::{self, Act, Actor};
use crate::auth::session::{self, SignedIn, Token};
use crate::auth::store::identities::{self, IdentityRow};
use crate::auth::store::sessions::{self, SessionRow};
use crate::auth::store::users::{self, UserRow, create_user, find_user};
use crate::auth::whence::Whence;
use crate::auth::{PasswordHash, random_password, second_factor};
use crate::config;
use crate::db::{Conn, DbError};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use crate::threads::HASHES;
use actix_web::cookie::Cookie;

/// As whom somebody is let in.
enum Admission {
    /// By an identity that is known.
    Known(UserRow),
    /// By an email, this once.
    Link(UserRow),
    /// Into a new account with this email.
    Create(String),
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Disabled,
    NoVerifiedEmail,
    Domain,
    LinkedAlready,
    SecondFactor,
    NoAccount,
}

impl Refusal {
    const fn detail(self) -> &'static str {
        match self {
            Self::Disabled => "This account is disabled.",
            Self::NoVerifiedEmail => {
                "The provider has not made sure of your email. Ask an operator to link your account."
            }
            Self::Domain => "People with an email of this domain do not sign in here.",
            Self::LinkedAlready => {
                "The account with this email belongs to somebody else at the provider."
            }
            Self::SecondFactor => {
                "The account with this email has a second factor. Ask an operator to link it."
            }
            Self::NoAccount => "There is no account with this email.",
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::new(Code::Forbidden, refusal.detail())
    }
}

fn admission(
    conn: &mut Conn,
    settings: &config::Oidc,
    person: &Person,
) -> Result<Result<Admission, Refusal>, DbError> {
    if let Some(user) = identities::find(conn, &settings.issuer, &person.subject)? {
        let enabled = user.disabled_at.is_none();
        return Ok(if enabled { Ok(Admission::Known(user)) } else { Err(Refusal::Disabled) });
    }
    let Some(email) = &person.email else { return Ok(Err(Refusal::NoVerifiedEmail)) };
    if !is_welcome(email, &settings.email_domains) {
        return Ok(Err(Refusal::Domain));
    }
    Ok(match find_user(conn, email)? {
        Some(user) if user.disabled_at.is_some() => Err(Refusal::Disabled),
        Some(user) if identities::is_linked(conn, &settings.issuer, &user.id)? => {
            Err(Refusal::LinkedAlready)
        }
        Some(user) if second_factor::is_on(conn, &user.id)? => Err(Refusal::SecondFactor),
        Some(user) => Ok(Admission::Link(user)),
        None if settings.sign_up => Ok(Admission::Create(email.clone())),
        None => Err(Refusal::NoAccount),
    })
}

fn is_welcome(email: &str, domains: &[String]) -> bool {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain);
    domains.is_empty() || domains.iter().any(|it| Some(it.as_str()) == domain)
}

/// What a browser brings beside the provider's word.
pub(super) struct Visitor {
    pub(super) whence: Whence,
    pub(super) user_agent: String,
    /// The session that it has, which ends.
    pub(super) before: Option<SignedIn>,
}

/// Exchanges the code and begins a session; returns its cookie. Whoever is refused here has shown a
/// browser that began, and is on record.
pub(super) async fn admit(
    state: &AppState,
    provider: &Provider,
    flow: &Flow,
    code: &str,
    visitor: Visitor,
) -> Result<Cookie<'static>, ApiError> {
    let outcome = sign_in(state, provider, flow, code, &visitor).await;
    if let Err(error) = &outcome
        && matches!(error.code(), Code::Unauthenticated | Code::Forbidden)
    {
        let who = visitor.whence.who(Actor::System);
        let act = Act::SignInRefused { user_id: None };
        audit::write(state, who, None, |_| Ok::<_, ApiError>(((), act))).await?;
    }
    outcome
}

async fn sign_in(
    state: &AppState,
    provider: &Provider,
    flow: &Flow,
    code: &str,
    visitor: &Visitor,
) -> Result<Cookie<'static>, ApiError> {
    let now = state.clock.now().micros().div_euclid(1_000_000);
    let person = provider.person(code, flow, now).await?;
    let settings = provider.settings.clone();
    let look = move |conn: &mut Conn| {
        Ok::<_, DbError>(admission(conn, &settings, &person)?.map(|admission| (admission, person)))
    };
    let (admission, person) = state.db.read(look).await??;
    let begin = begin(state, &provider.settings.issuer, admission, person, visitor).await?;
    let (cookie, records) = state.db.write(begin).await?;
    records.iter().for_each(|record| audit::tell(record));
    Ok(cookie)
}

type Begun = Result<(Cookie<'static>, Vec<String>), ApiError>;

/// What is to be written: the account and the link, if they are new, the session, and their records.
async fn begin(
    state: &AppState,
    issuer: &str,
    admission: Admission,
    person: Person,
    visitor: &Visitor,
) -> Result<impl FnOnce(&mut Conn) -> Begun + Send + 'static, ApiError> {
    let (user, is_new, is_linked) = match admission {
        Admission::Known(user) => (user, false, true),
        Admission::Link(user) => (user, false, false),
        Admission::Create(email) => (new_user(state, email).await?, true, false),
    };
    let token = Token::generate();
    let (whence, agent) = (&visitor.whence, visitor.user_agent.clone());
    let session = session::begin(state, &user.id, &token, whence, agent);
    let session = SessionRow { issuer: Some(issuer.to_owned()), ..session };
    let cookie = token.cookie(state, session.expires_at);
    let identity = IdentityRow {
        issuer: issuer.to_owned(),
        subject: person.subject,
        user_id: user.id.clone(),
        created_at: session.created_at,
    };
    let who = visitor.whence.who(Actor::User(user.id.clone()));
    let (state, before) = (state.clone(), visitor.before.clone());
    Ok(move |conn: &mut Conn| {
        let (user_id, issuer) = (user.id.clone(), identity.issuer.clone());
        let mut acts = Vec::new();
        if is_new {
            unless_taken(create_user(conn, user)?)?;
            acts.push(Act::UserCreated { user_id: user_id.clone(), is_admin: false });
        } else if let Some(refusal) = changed(conn, &user_id, is_linked)? {
            return Err(refusal.into());
        }
        if !is_linked {
            unless_taken(identities::link_identity(conn, identity)?)?;
            acts.push(Act::IdentityLinked { user_id: user_id.clone(), issuer: issuer.clone() });
        }
        if let Some(before) = before {
            sessions::end(conn, &before.user.id, &before.session_id)?;
        }
        sessions::insert(conn, session)?;
        acts.push(Act::SignedIn { user_id, issuer: Some(issuer) });
        let seal = |act| audit::seal(conn, &state, who.clone(), None, act);
        let records = acts.into_iter().map(seal).collect::<Result<_, _>>()?;
        Ok((cookie, records))
    })
}

/// Why somebody with an account is not let in after all: it has changed since it was looked at. From
/// here on it does not.
fn changed(conn: &mut Conn, user_id: &str, is_linked: bool) -> Result<Option<Refusal>, DbError> {
    let user = users::lock(conn, user_id)?;
    if user.is_none_or(|user| user.disabled_at.is_some()) {
        return Ok(Some(Refusal::Disabled));
    }
    let is_guarded = !is_linked && second_factor::is_on(conn, user_id)?;
    Ok(is_guarded.then_some(Refusal::SecondFactor))
}

/// A password that nobody knows: the account looks like any other to who guesses at passwords.
async fn new_user(state: &AppState, email: String) -> Result<UserRow, ApiError> {
    let hash = HASHES.run(|| PasswordHash::of(&random_password())).await?;
    let hash = hash.map_err(ApiError::internal)?;
    Ok(UserRow {
        id: state.clock.new_id(),
        email,
        password_hash: hash.as_str().to_owned(),
        is_admin: false,
        created_at: state.clock.now().micros(),
        disabled_at: None,
        password_expires_at: None,
    })
}

fn unless_taken(done: bool) -> Result<(), ApiError> {
    let taken = || ApiError::new(Code::Conflict, "You are signing in twice at once. Begin again.");
    done.then_some(()).ok_or_else(taken)
}
