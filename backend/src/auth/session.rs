//! Sessions: opaque 256-bit ids in a cookie, stored hashed, replaced every quarter of an hour (OWASP
//! ASVS 5.0, 7.2 and 7.3). A replaced id stays good for a moment, for requests that are on their way.

use super::credential::SecretHash;
use super::store::sessions::{self, Renewal, SessionRow};
use super::store::users::UserRow;
use super::whence::Whence;
use super::{Principal, enrolment, second_factor};
use crate::audit::{Actor, Who};
use crate::db::{Conn, DbError};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use std::sync::Arc;

/// How old `seen_at` may get before it is written again; a quarter of the idle time, if that is less.
const TOUCH_MICROS: i64 = 60 * 1_000_000;
/// How long a replaced id stays good.
const GRACE_MICROS: i64 = 10 * 1_000_000;
const COOKIE: &str = "researchflow_session";
const HOST_COOKIE: &str = "__Host-researchflow_session";

/// A session's secret id, as the client keeps it. Never prints.
pub(super) struct Token(String);

impl Token {
    pub(super) fn generate() -> Self {
        Self(hex::encode(rand::random::<[u8; 32]>()))
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        hash(&self.0).to_vec()
    }

    /// The cookie, which ends with the session (microseconds). Outside development it only travels
    /// on TLS and belongs to this host alone.
    pub(super) fn cookie(&self, state: &AppState, expires_at: i64) -> Cookie<'static> {
        let left = expires_at - state.clock.now().micros();
        build(state, self.0.clone()).max_age(time::Duration::seconds(left / 1_000_000)).finish()
    }
}

/// What is stored of a new session.
pub(super) fn begin(
    state: &AppState,
    user_id: &str,
    token: &Token,
    whence: &Whence,
    user_agent: String,
) -> SessionRow {
    let (settings, now) = (&state.config.identity, state.clock.now().micros());
    SessionRow {
        id_hash: token.hash(),
        user_id: user_id.to_owned(),
        created_at: now,
        seen_at: now,
        expires_at: now + settings.session_max,
        id: state.clock.new_id(),
        renew_at: now + settings.session_renew,
        previous_hash: None,
        previous_until: 0,
        address: whence.address(),
        user_agent,
        issuer: None,
    }
}

/// The cookie that ends a session in the browser.
pub(super) fn removal(state: &AppState) -> Cookie<'static> {
    build(state, String::new()).max_age(time::Duration::ZERO).finish()
}

fn build(state: &AppState, value: String) -> actix_web::cookie::CookieBuilder<'static> {
    let secure = state.config.is_secure();
    Cookie::build(name(state), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
}

/// On TLS only a name that no other host can set a cookie for.
fn name(state: &AppState) -> &'static str {
    if state.config.is_secure() { HOST_COOKIE } else { COOKIE }
}

/// Adds a renewed session's cookie to an answer, unless the handler had its own to say about it.
pub(super) fn offer<B>(
    response: &mut HttpResponse<B>,
    cookie: &Cookie<'_>,
) -> Result<(), actix_web::Error> {
    if !response.cookies().any(|set| set.name() == cookie.name()) {
        response.add_cookie(cookie)?;
    }
    Ok(())
}

/// Whether a request carries what a browser adds of its own accord.
pub fn has_session(request: &ServiceRequest) -> bool {
    request.cookie(HOST_COOKIE).or_else(|| request.cookie(COOKIE)).is_some()
}

/// Who is signed in, and in which session. A handler that takes it answers 401 without credentials
/// and 403 to an API key.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    pub(super) user: UserRow,
    /// The session's id, which is no secret.
    pub(super) session_id: String,
    /// When the session ends (microseconds).
    pub(super) expires_at: i64,
    /// The user, as they act in this request.
    pub(super) who: Who,
}

impl SignedIn {
    pub(super) fn principal(&self) -> Principal {
        Principal::User { id: self.user.id.clone(), is_admin: self.user.is_admin }
    }
}

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let refusal = match extensions.get::<Arc<Principal>>() {
            Some(_) => ApiError::new(Code::Forbidden, "An API key is not a session."),
            None => ApiError::new(Code::Unauthenticated, "Sign in."),
        };
        let signed_in = extensions.get::<Self>().cloned().ok_or(refusal);
        ready(signed_in.map(|it| Self { who: Whence::of(request).who(it.who.actor.clone()), ..it }))
    }
}

/// A session that is not over.
pub(super) struct Resolved {
    pub(super) signed_in: SignedIn,
    /// Why this request is not for them, if it is not.
    pub(super) refused: Option<ApiError>,
    /// The new cookie, if the id was replaced just now.
    pub(super) renewed: Option<Cookie<'static>>,
}

/// Whose session it is that `request` carries the id of; `None` once it has ended.
///
/// # Errors
/// The database.
pub(super) async fn resolve(
    state: &AppState,
    presented: SecretHash,
    request: &ServiceRequest,
) -> Result<Option<Resolved>, ApiError> {
    let now = state.clock.now().micros();
    let demanded = state.config.identity.require_second_factor;
    let find = move |conn: &mut Conn| {
        let Some((session, user)) = sessions::find(conn, &presented, now)? else { return Ok(None) };
        // A provider asks for what it finds fit, and a second factor here guards the password alone.
        let by_password = session.issuer.is_none();
        let has_to_enrol = demanded && by_password && !second_factor::is_on(conn, &user.id)?;
        Ok::<_, DbError>(Some((session, user, has_to_enrol)))
    };
    let found = state.db.read(find).await.map_err(ApiError::from)?;
    let Some((session, user, has_to_enrol)) = found else { return Ok(None) };
    let idle = state.config.identity.session_idle;
    let over = session.expires_at <= now || session.seen_at.saturating_add(idle) <= now;
    let of_the_future = session.seen_at > now + sessions::SKEW;
    if over || of_the_future || user.disabled_at.is_some() {
        return Ok(None);
    }
    let refused = if has_to_enrol { enrolment::check(request).err() } else { None };
    let signed_in = SignedIn {
        who: Actor::User(user.id.clone()).into(),
        user,
        session_id: session.id.clone(),
        expires_at: session.expires_at,
    };
    // Whoever comes with the replaced id has the new one under way.
    let renewed = if session.renew_at <= now && session.id_hash == presented {
        renew(state, session, now).await
    } else {
        touch(state, &session, now).await.map(|()| None)
    };
    // What is only noted waits for a database that takes it: the next request notes it.
    let renewed = match renewed {
        Err(error) if error.code() == Code::Unavailable => None,
        renewed => renewed?,
    };
    Ok(Some(Resolved { signed_in, refused, renewed }))
}

async fn touch(state: &AppState, session: &SessionRow, now: i64) -> Result<(), ApiError> {
    let fresh = TOUCH_MICROS.min(state.config.identity.session_idle / 4);
    if session.seen_at + fresh > now {
        return Ok(());
    }
    let id = session.id.clone();
    Ok(state.db.write(move |conn| sessions::touch(conn, &id, now)).await?)
}

/// The new cookie, unless a request beside this one got it.
async fn renew(
    state: &AppState,
    session: SessionRow,
    now: i64,
) -> Result<Option<Cookie<'static>>, ApiError> {
    let (token, expires_at) = (Token::generate(), session.expires_at);
    let (id_hash, renew_at) = (token.hash(), now + state.config.identity.session_renew);
    let write = move |conn: &mut Conn| {
        let previous_until = now + GRACE_MICROS;
        let renewal = Renewal { id_hash: &id_hash, renew_at, previous_until };
        sessions::renew(conn, &session, now, &renewal)
    };
    let renewed = state.db.write(write).await.map_err(ApiError::from)?;
    Ok(renewed.then(|| token.cookie(state, expires_at)))
}

/// After credentials changed: ends the user's other sessions and gives this one a new secret, at
/// once. Returns its cookie.
pub(super) fn start_anew(
    conn: &mut Conn,
    state: &AppState,
    signed_in: &SignedIn,
) -> Result<Cookie<'static>, ApiError> {
    let token = Token::generate();
    let renew_at = state.clock.now().micros() + state.config.identity.session_renew;
    sessions::end_others(conn, &signed_in.user.id, &signed_in.session_id)?;
    if !sessions::replace_secret(conn, &signed_in.session_id, &token.hash(), renew_at)? {
        return Err(ApiError::new(Code::Unauthenticated, "This session has ended."));
    }
    Ok(token.cookie(state, signed_in.expires_at))
}

fn hash(id: &str) -> SecretHash {
    Sha256::digest(id.as_bytes()).into()
}

/// What is stored of the secret id that a request carries, whether it is good or not.
pub(super) fn hash_in(state: &AppState, request: &HttpRequest) -> Option<SecretHash> {
    let cookie = request.cookie(name(state))?;
    (!cookie.value().is_empty()).then(|| hash(cookie.value()))
}
