//! Signing in and out, and what users do about their own account.

mod again;
mod password;
mod second_factor;
mod sessions;
mod sign_in;

use super::attempt::Attempt;
use super::device::Target;
use super::oidc::api as oidc;
use super::store::users::UserRow;
use super::whence::Whence;
use super::{PasswordHash, session::SignedIn};
use crate::edge::resource;
use crate::error::ApiError;
use crate::state::AppState;
use crate::threads::HASHES;
use actix_web::http::Method;
use actix_web::{HttpRequest, web};
use invocation::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// The routes below `/api/v1`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource(
            "/sessions",
            [
                (Method::POST, web::to(sign_in::sign_in)),
                (Method::GET, web::to(sessions::list)),
                (Method::DELETE, web::to(sessions::end_others)),
            ],
        ))
        .service(resource(
            "/sessions/current",
            [
                (Method::GET, web::to(sessions::current)),
                (Method::DELETE, web::to(sessions::sign_out)),
            ],
        ))
        .service(resource("/sessions/{session}", [(Method::DELETE, web::to(sessions::end))]))
        .service(resource("/auth/oidc", [(Method::GET, web::to(oidc::start))]))
        .service(resource("/auth/oidc/callback", [(Method::GET, web::to(oidc::callback))]))
        .service(resource("/users/me/password", [(Method::PUT, web::to(password::change))]))
        .service(resource(
            "/users/me/totp",
            [
                (Method::GET, web::to(second_factor::show)),
                (Method::POST, web::to(second_factor::enrol)),
            ],
        ))
        .service(resource(
            "/users/me/totp/confirm",
            [(Method::POST, web::to(second_factor::confirm))],
        ))
        .service(resource(
            "/users/me/totp/recovery-codes",
            [(Method::POST, web::to(second_factor::new_codes))],
        ))
        .service(resource(
            "/users/me/totp/disable",
            [(Method::POST, web::to(second_factor::disable))],
        ));
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    sign_in::sign_in,
    sessions::list,
    sessions::end_others,
    sessions::current,
    sessions::sign_out,
    sessions::end,
    oidc::start,
    oidc::callback,
    password::change,
    second_factor::show,
    second_factor::enrol,
    second_factor::confirm,
    second_factor::new_codes,
    second_factor::disable,
))]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

#[derive(Serialize, utoipa::ToSchema)]
struct User {
    /// The user's id.
    id: String,
    /// Their email.
    email: String,
    /// Whether they administer the whole service.
    is_admin: bool,
    /// Until when their password can be used, if it is one that was made for them: they should choose
    /// another before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    password_expires_at: Option<Timestamp>,
}

impl User {
    fn of(user: UserRow) -> Self {
        let password_expires_at = user.password_expires_at.map(Timestamp::from_micros);
        Self { id: user.id, email: user.email, is_admin: user.is_admin, password_expires_at }
    }
}

/// Counts an attempt of whoever is signed in to prove it.
async fn begin(
    state: &AppState,
    request: &HttpRequest,
    signed_in: &SignedIn,
) -> Result<Attempt, ApiError> {
    let user = &signed_in.user;
    let target = Target::of(state, request, &user.email, Some(user));
    Attempt::begin(state, &target, &Whence::of(request), signed_in.who.actor.clone()).await
}

/// Whether the password is that of whoever is signed in.
async fn is_password_of(signed_in: &SignedIn, password: SecretString) -> Result<bool, ApiError> {
    let hash = PasswordHash::stored(signed_in.user.password_hash.clone());
    let verify = move || hash.verify(password.expose_secret());
    Ok(HASHES.run(verify).await?)
}
