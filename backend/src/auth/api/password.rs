//! Changing one's password.

use super::again::{self, Shown};
use crate::audit::Act;
use crate::auth::second_factor::Proof;
use crate::auth::session::SignedIn;
use crate::auth::store::users::{UserRow, set_password};
use crate::auth::{NewPassword, PasswordHash, password_rules};
use crate::db::Conn;
use crate::edge::{Json, NoQuery};
use crate::error::ApiError;
use crate::state::AppState;
use crate::threads::HASHES;
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
    /// The code that their authenticator app shows, if they have a second factor.
    #[serde(default)]
    totp: Option<String>,
    /// One of their recovery codes instead, which is used up by it.
    #[serde(default)]
    recovery_code: Option<String>,
}

/// Change one's password, which takes the present one and, where there is one, the second factor. All other sessions end, and this one gets a new cookie.
#[utoipa::path(put, path = "/api/v1/users/me/password", tag = "identity", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
pub(super) async fn change(
    state: web::Data<AppState>,
    _: NoQuery,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    let PasswordChange { current, new, totp, recovery_code } = body.into_inner();
    if new.expose_secret() == current.expose_secret() {
        return Err(ApiError::field("/new", "must be another one"));
    }
    let proof = Proof::of(totp, recovery_code);
    let shown = Shown { password: current, pointer: "/current", proof };
    let email = signed_in.user.email.clone();
    let prepare = async {
        let password = NewPassword::chosen(hashed(&state, email, new).await?);
        Ok(move |conn: &mut Conn, user: &UserRow| {
            set_password(conn, &user.id, &password)?;
            Ok(((), Act::PasswordChanged { user_id: user.id.clone() }))
        })
    };
    let ((), cookie) = again::change(&state, &request, signed_in, shown, prepare).await?;
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// What is stored of a new password, if it is a good one.
async fn hashed(
    state: &AppState,
    email: String,
    new: SecretString,
) -> Result<PasswordHash, ApiError> {
    let least = state.config.identity.password_min_length;
    let work = move || {
        password_rules::check(new.expose_secret(), least, &email)?;
        PasswordHash::of(new.expose_secret())
    };
    let hash = HASHES.run(work).await?;
    hash.map_err(|fault| ApiError::field("/new", fault))
}
