//! Changing one's password.

use super::is_password_of;
use crate::audit::{self, Act};
use crate::auth::attempt::Attempt;
use crate::auth::session::{self, SignedIn};
use crate::auth::store::users::set_password;
use crate::auth::whence::Whence;
use crate::auth::{PasswordHash, password_rules};
use crate::db::Conn;
use crate::edge::Json;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    /// The password until now.
    #[schema(value_type = String)]
    current: SecretString,
    /// The password from now on.
    #[schema(value_type = String)]
    new: SecretString,
}

/// Change one's password. All other sessions end, and this one gets a new cookie.
#[utoipa::path(put, path = "/api/v1/users/me/password", tag = "identity", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
pub(super) async fn change(
    state: web::Data<AppState>,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    let PasswordChange { current, new } = body.into_inner();
    if new.expose_secret() == current.expose_secret() {
        return Err(ApiError::field("/new", "must be another one"));
    }
    let hash = hashed(&state, &signed_in, new).await?;
    let whence = Whence::of(&request);
    let attempt = Attempt::begin(&state, &signed_in.user.email, &whence).await?;
    if !is_password_of(&signed_in, current).await? {
        attempt.failed(&state).await?;
        return Err(ApiError::field("/current", "is not your password"));
    }
    let (inner, who) = (state.clone(), signed_in.who.clone());
    let change = move |conn: &mut Conn| {
        attempt.succeeded(conn)?;
        set_password(conn, &signed_in.user.id, hash.as_str())?;
        let cookie = session::start_anew(conn, &inner, &signed_in)?;
        Ok::<_, ApiError>((cookie, Act::PasswordChanged { user_id: signed_in.user.id }))
    };
    let cookie = audit::write(&state, who, None, change).await?;
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// What is stored of a new password, if it is a good one.
async fn hashed(
    state: &AppState,
    signed_in: &SignedIn,
    new: SecretString,
) -> Result<PasswordHash, ApiError> {
    let (email, least) = (signed_in.user.email.clone(), state.config.identity.password_min_length);
    let work = move || {
        password_rules::check(new.expose_secret(), least, &email)?;
        PasswordHash::of(new.expose_secret())
    };
    let hash = web::block(work).await.map_err(ApiError::internal)?;
    hash.map_err(|fault| ApiError::field("/new", fault))
}
