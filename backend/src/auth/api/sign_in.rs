//! Signing in.

use super::User;
use crate::audit::{self, Act, Actor};
use crate::auth::PasswordHash;
use crate::auth::attempt::Attempt;
use crate::auth::second_factor::{self, Proof};
use crate::auth::session::{self, Token};
use crate::auth::store::sessions::{self, SessionRow};
use crate::auth::store::users::{UserRow, find_user};
use crate::auth::whence::{Whence, user_agent};
use crate::config::RouteClass;
use crate::db::Conn;
use crate::edge::Json;
use crate::error::{ApiError, Code};
use crate::state::AppState;
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
    request: HttpRequest,
    body: Json<SignIn>,
) -> Result<HttpResponse, ApiError> {
    let SignIn { email, password, totp, recovery_code } = body.into_inner();
    let proof = totp.map(Proof::Totp).or(recovery_code.map(Proof::Recovery));
    let email = email.trim().to_lowercase();
    let whence = Whence::of(&request);
    if let Some(refusal) = limit(&state, &limiter, &email, &whence).await {
        return Ok(refusal);
    }
    let attempt = Attempt::begin(&state, &email, &whence).await?;
    let user = state.db.read(move |conn| find_user(conn, &email)).await?;
    let Some(user) = check(user, password).await? else {
        attempt.failed(&state).await?;
        return Err(ApiError::new(Code::Unauthenticated, "Email or password is wrong."));
    };
    let token = Token::generate();
    let row = session::begin(&state, &user.id, &token, &whence, user_agent(&request));
    let expires_at = row.expires_at;
    let (inner, counted, replaced) =
        (state.clone(), attempt.clone(), session::hash_in(&state, &request));
    let start = move |conn: &mut Conn| {
        if let Some(id_hash) = replaced {
            sessions::end_by_hash(conn, &id_hash)?;
        }
        start(conn, &inner, &counted, row, proof.as_ref(), &whence)
    };
    match state.db.write(start).await? {
        Outcome::Done(records) => records.iter().for_each(|record| audit::tell(record)),
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
    Ok(HttpResponse::Created().cookie(token.cookie(&state, expires_at)).json(SessionStarted {
        user: User::of(user),
        expires_at: Timestamp::from_micros(expires_at),
    }))
}

/// Counts a sign-in for the address, and then for the account, whether there is one or not: whoever
/// has asked too often from one address must not use up what others may. The answer, if it is refused.
async fn limit(
    state: &AppState,
    limiter: &Limiter<RouteClass>,
    email: &str,
    whence: &Whence,
) -> Option<HttpResponse> {
    // What Redis keeps must not tell who has an account.
    let account = state.derive_key(&[b"researchflow sign-in limit", email.as_bytes()]);
    let subjects = [
        Identity::new("network", &whence.network()),
        Identity::new("account", &hex::encode(account)),
    ];
    for subject in &subjects {
        let ruling = limiter.check(RouteClass::Auth, subject, None).await;
        if let Some(refused) = ruling.filter(|ruling| !ruling.allowed()) {
            return Some(refused.refusal());
        }
    }
    None
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
    web::block(work).await.map_err(ApiError::internal)
}

/// Stores the session, once the second factor is shown where there is one.
fn start(
    conn: &mut Conn,
    state: &AppState,
    attempt: &Attempt,
    row: SessionRow,
    proof: Option<&Proof>,
    whence: &Whence,
) -> Result<Outcome, ApiError> {
    let user_id = row.user_id.clone();
    let proof = match (second_factor::is_on(conn, &user_id)?, proof) {
        (false, _) => None,
        (true, None) => {
            attempt.undecided(conn)?;
            return Ok(Outcome::CodeNeeded);
        }
        (true, Some(proof)) if second_factor::accept(conn, state, &user_id, proof)? => Some(proof),
        (true, Some(_)) => return Ok(Outcome::CodeWrong),
    };
    attempt.succeeded(conn)?;
    sessions::insert(conn, row)?;
    let mut seal =
        |act| audit::seal(conn, state, whence.who(Actor::User(user_id.clone())), None, act);
    let mut records = Vec::new();
    if matches!(proof, Some(Proof::Recovery(_))) {
        records.push(seal(Act::RecoveryCodeUsed { user_id: user_id.clone() })?);
    }
    records.push(seal(Act::SignedIn { user_id: user_id.clone() })?);
    Ok(Outcome::Done(records))
}
