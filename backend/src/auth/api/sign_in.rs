//! Signing in.

use super::User;
use crate::audit::{self, Act, Actor};
use crate::auth::PasswordHash;
use crate::auth::attempt::Attempt;
use crate::auth::device::{self, Target};
use crate::auth::second_factor::{self, Asked, Proof};
use crate::auth::session::{self, SignedIn, Token};
use crate::auth::store::sessions::{self, SessionRow};
use crate::auth::store::users::{UserRow, find_user, lock_verified};
use crate::auth::whence::{Whence, user_agent};
use crate::config::RouteClass;
use crate::db::Conn;
use crate::edge::{Json, NoQuery};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use crate::threads::HASHES;
use actix_web::{HttpRequest, HttpResponse, web};
use hardening::limits::{Identity, Limiter};
use invocation::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The user's email.
    email: String,
    /// The user's password.
    #[schema(value_type = String)]
    password: SecretString,
    /// The code that their authenticator app shows, if they have a second factor.
    #[serde(default)]
    totp: Option<String>,
    /// One of their recovery codes instead, which is used up by it.
    #[serde(default)]
    recovery_code: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SessionStarted {
    /// Who is signed in.
    user: User,
    /// When the session ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// What came of a right password.
enum Outcome {
    /// With the records that were sealed.
    Done(Vec<String>),
    /// It was right when it was verified, and is not any more.
    Outdated,
    CodeNeeded,
    CodeWrong,
}

/// Sign in: answers a session cookie. With a second factor, a right password without a code is
/// answered by the problem `second-factor-required`.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "identity", request_body = SignIn, security(()),
    responses((status = 201, description = "Signed in", body = SessionStarted)))]
pub(super) async fn sign_in(
    state: web::Data<AppState>,
    limiter: web::Data<Limiter<RouteClass>>,
    _: NoQuery,
    request: HttpRequest,
    before: Option<SignedIn>,
    body: Json<SignIn>,
) -> Result<HttpResponse, ApiError> {
    let SignIn { email, password, totp, recovery_code } = body.into_inner();
    let proof = Proof::of(totp, recovery_code);
    let email = email.trim().to_lowercase();
    let whence = Whence::of(&request);
    let network = Identity::new("network", &whence.network());
    if let Some(refusal) = refusal(&limiter, &network).await {
        return Ok(refusal);
    }
    let wanted = email.clone();
    let user = state.db.read(move |conn| find_user(conn, &wanted)).await?;
    let target = Target::of(&state, &request, &email, user.as_ref());
    if let Some(refusal) = refusal(&limiter, &identity(&state, &target)).await {
        return Ok(refusal);
    }
    let attempt = Attempt::begin(&state, &target, &whence, Actor::System).await?;
    let Some(user) = check(user, password).await? else {
        attempt.failed(&state).await?;
        return Err(wrong());
    };
    if user.password_has_ended(state.clock.now().micros()) {
        attempt.failed(&state).await?;
        let detail = "This password was good for a day. Ask for another.";
        return Err(ApiError::new(Code::Unauthenticated, detail));
    }
    let token = Token::generate();
    let row = session::begin(&state, &user.id, &token, &whence, user_agent(&request));
    let expires_at = row.expires_at;
    let (inner, counted, verified) = (state.clone(), attempt.clone(), user.clone());
    let start = move |conn: &mut Conn| {
        if !lock_verified(conn, &verified)? {
            return Ok(Outcome::Outdated);
        }
        start(conn, &inner, &counted, row, before, proof.as_ref(), &whence)
    };
    match state.db.write(start).await? {
        Outcome::Done(records) => records.iter().for_each(|record| audit::tell(record)),
        Outcome::Outdated => {
            attempt.failed(&state).await?;
            return Err(wrong());
        }
        Outcome::CodeNeeded => {
            let detail = "Send the same again with `totp`, or with `recovery_code`.";
            return Err(ApiError::new(Code::SecondFactorRequired, detail));
        }
        Outcome::CodeWrong => {
            attempt.failed(&state).await?;
            let detail = "The code is wrong, or was used already.";
            return Err(ApiError::new(Code::SecondFactorRequired, detail));
        }
    }
    let mut answer = HttpResponse::Created();
    answer.cookie(token.cookie(&state, expires_at));
    if !target.is_device() {
        answer.cookie(device::cookie(&state, &user));
    }
    let expires_at = Timestamp::from_micros(expires_at);
    Ok(answer.json(SessionStarted { user: User::of(user), expires_at }))
}

/// The one answer to a wrong password, an unknown and a disabled user.
fn wrong() -> ApiError {
    ApiError::new(Code::Unauthenticated, "Email or password is wrong.")
}

/// What a sign-in counts on besides the address; after that, since whoever has asked too often from
/// one address must not use up what others may.
fn identity(state: &AppState, target: &Target) -> Identity {
    // What Redis keeps must not tell who has an account.
    let parts = [b"researchflow sign-in limit", target.kind.as_bytes(), target.name.as_bytes()];
    Identity::new(target.kind, &hex::encode(state.derive_key(&parts)))
}

/// Counts a sign-in. The answer, if it is refused.
async fn refusal(limiter: &Limiter<RouteClass>, subject: &Identity) -> Option<HttpResponse> {
    let ruling = limiter.check(RouteClass::Auth, subject, None).await;
    ruling.filter(|ruling| !ruling.allowed()).map(|ruling| ruling.refusal())
}

/// The user, if the password is theirs. Unknown and disabled users take as long.
async fn check(user: Option<UserRow>, password: SecretString) -> Result<Option<UserRow>, ApiError> {
    let work = move || {
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            PasswordHash::verify_nobody(password.expose_secret());
            return None;
        };
        let hash = PasswordHash::stored(user.password_hash.clone());
        hash.verify(password.expose_secret()).then_some(user)
    };
    Ok(HASHES.run(work).await?)
}

/// Stores the session in the place of the one that the request came with, once the second factor is
/// shown where there is one.
fn start(
    conn: &mut Conn,
    state: &AppState,
    attempt: &Attempt,
    row: SessionRow,
    before: Option<SignedIn>,
    proof: Option<&Proof>,
    whence: &Whence,
) -> Result<Outcome, ApiError> {
    let user_id = row.user_id.clone();
    let asked = second_factor::ask(conn, state, &user_id, proof)?;
    match asked {
        Asked::Off | Asked::Right => {}
        Asked::Missing => {
            attempt.undecided(conn)?;
            return Ok(Outcome::CodeNeeded);
        }
        Asked::Wrong => return Ok(Outcome::CodeWrong),
    }
    attempt.succeeded(conn)?;
    if let Some(before) = before {
        sessions::end(conn, &before.user.id, &before.session_id)?;
    }
    sessions::insert(conn, row)?;
    let used = second_factor::used(asked, proof, &user_id);
    let acts = used.into_iter().chain([Act::SignedIn { user_id: user_id.clone(), issuer: None }]);
    let who = whence.who(Actor::User(user_id));
    let seal = |act| audit::seal(conn, state, who.clone(), None, act);
    Ok(Outcome::Done(acts.map(seal).collect::<Result<_, _>>()?))
}
