//! Devices that somebody signed in from before. Each has failures of its own, so that an account's
//! owner is not kept out by whoever guesses at it from elsewhere (OWASP, "Slow Down Online Guessing
//! Attacks with Device Cookies").
//!
//! The cookie is no credential: whoever steals one may guess as often as anybody. It holds a random
//! name, and a tag of that name, the account and its password's hash: a change of password ends it.

use super::store::users::UserRow;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use subtle::ConstantTimeEq;

const COOKIE: &str = "researchflow_device";
const HOST_COOKIE: &str = "__Host-researchflow_device";
const LIFETIME: time::Duration = time::Duration::days(365);

/// What guesses are counted for.
#[derive(Debug)]
pub(super) struct Target {
    /// Apart from other kinds.
    pub(super) kind: &'static str,
    /// An email, whether there is such an account or not, or a device's random name.
    pub(super) name: String,
    /// Whose it is, if there is such an account.
    pub(super) user_id: Option<String>,
}

impl Target {
    /// The device that a request is from, if `user` signed in there before; else the account of
    /// `email`.
    pub(super) fn of(
        state: &AppState,
        request: &HttpRequest,
        email: &str,
        user: Option<&UserRow>,
    ) -> Self {
        let user_id = user.map(|user| user.id.clone());
        match user.and_then(|user| known(state, request, user)) {
            Some(name) => Self { kind: "device", name, user_id },
            None => Self { kind: "account", name: email.to_owned(), user_id },
        }
    }

    pub(super) fn is_device(&self) -> bool {
        self.kind == "device"
    }
}

/// The name of a device that the user signed in from before.
fn known(state: &AppState, request: &HttpRequest, user: &UserRow) -> Option<String> {
    let cookie = request.cookie(cookie_name(state))?;
    let (name, shown) = cookie.value().split_once('.')?;
    let is_genuine = tag(state, user, name).as_bytes().ct_eq(shown.as_bytes());
    bool::from(is_genuine).then(|| name.to_owned())
}

/// For a device that the user signs in from for the first time.
pub(super) fn cookie(state: &AppState, user: &UserRow) -> Cookie<'static> {
    let name = hex::encode(rand::random::<[u8; 16]>());
    let value = format!("{name}.{}", tag(state, user, &name));
    Cookie::build(cookie_name(state), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(state.config.is_secure())
        .max_age(LIFETIME)
        .finish()
}

fn cookie_name(state: &AppState) -> &'static str {
    if state.config.is_secure() { HOST_COOKIE } else { COOKIE }
}

fn tag(state: &AppState, user: &UserRow, name: &str) -> String {
    let (id, hash) = (user.id.as_bytes(), user.password_hash.as_bytes());
    hex::encode(state.derive_key(&[b"researchflow device", id, hash, name.as_bytes()]))
}
