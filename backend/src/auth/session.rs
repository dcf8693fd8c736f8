//! Sessions: opaque 256-bit ids in a cookie, stored hashed.

use super::{Principal, store};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::dev::ServiceRequest;
use rand::RngExt;
use sha2::{Digest, Sha256};

const IDLE_MICROS: i64 = 30 * 60 * 1_000_000;
const ABSOLUTE_MICROS: i64 = 12 * 3600 * 1_000_000;
/// How old `seen_at` may get before it is written again.
const TOUCH_MICROS: i64 = 60 * 1_000_000;
const COOKIE: &str = "researchflow_session";
const HOST_COOKIE: &str = "__Host-researchflow_session";

/// A new session: what the client keeps, and what the database does.
pub(super) struct Session {
    id: String,
    pub(super) expires_at: i64,
}

impl Session {
    pub(super) fn generate(now: i64) -> Self {
        let id: [u8; 32] = rand::rng().random();
        Self { id: hex::encode(id), expires_at: now + ABSOLUTE_MICROS }
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        hash(&self.id)
    }

    /// The cookie. Outside development it only travels on TLS and belongs to this host alone.
    pub(super) fn cookie(&self, state: &AppState) -> Cookie<'static> {
        let max_age = time::Duration::microseconds(ABSOLUTE_MICROS);
        build(state, self.id.clone()).max_age(max_age).finish()
    }
}

/// The cookie that ends a session in the browser.
pub(super) fn removal(state: &AppState) -> Cookie<'static> {
    build(state, String::new()).max_age(time::Duration::ZERO).finish()
}

fn build(state: &AppState, value: String) -> actix_web::cookie::CookieBuilder<'static> {
    let secure = !state.config.server.is_development();
    let name = if secure { HOST_COOKIE } else { COOKIE };
    Cookie::build(name, value).path("/").http_only(true).same_site(SameSite::Lax).secure(secure)
}

/// The session id that a request carries.
pub(super) fn cookie_of(request: &ServiceRequest) -> Option<String> {
    cookie_in(request.request())
}

/// As [`cookie_of`], in a handler.
pub(super) fn cookie_in(request: &HttpRequest) -> Option<String> {
    let cookie = request.cookie(HOST_COOKIE).or_else(|| request.cookie(COOKIE))?;
    (!cookie.value().is_empty()).then(|| cookie.value().to_owned())
}

/// Whose session it is; `None` once it has ended.
pub(super) async fn resolve(state: &AppState, id: &str) -> Result<Option<Principal>, ApiError> {
    let (now, id_hash) = (state.clock.now().micros(), hash(id));
    let wanted = id_hash.clone();
    let found = state.db.read(move |conn| store::find_session(conn, &wanted)).await;
    let Some((session, user)) = found.map_err(ApiError::from)? else { return Ok(None) };
    let over = session.expires_at <= now || session.seen_at + IDLE_MICROS <= now;
    if over || user.disabled_at.is_some() {
        return Ok(None);
    }
    if session.seen_at + TOUCH_MICROS <= now {
        let touched = state.db.write(move |conn| store::touch_session(conn, &id_hash, now)).await;
        touched.map_err(ApiError::from)?;
    }
    Ok(Some(Principal::User { id: user.id, is_admin: user.is_admin }))
}

pub(super) fn hash(id: &str) -> Vec<u8> {
    Sha256::digest(id.as_bytes()).to_vec()
}
