//! Turning one's second factor on and off.

use super::is_password_of;
use crate::audit::{self, Act};
use crate::auth::attempt::Attempt;
use crate::auth::second_factor::{self, Proof};
use crate::auth::session::{self, SignedIn};
use crate::auth::store::second_factors;
use crate::auth::whence::Whence;
use crate::db::{Conn, DbError};
use crate::edge::Json;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// What authenticator apps call us.
const ISSUER: &str = "ResearchFlow";

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SecondFactorView {
    /// Whether signing in takes a code.
    enabled: bool,
    /// How many recovery codes are left.
    recovery_codes_left: i64,
}

/// Whether one has a second factor.
#[utoipa::path(get, path = "/api/v1/users/me/totp", tag = "identity",
    responses((status = 200, description = "The second factor", body = SecondFactorView)))]
pub(super) async fn show(
    state: web::Data<AppState>,
    signed_in: SignedIn,
) -> Result<web::Json<SecondFactorView>, ApiError> {
    let look = move |conn: &mut Conn| {
        let user_id = &signed_in.user.id;
        Ok::<_, DbError>(SecondFactorView {
            enabled: second_factor::is_on(conn, user_id)?,
            recovery_codes_left: second_factors::codes_left(conn, user_id)?,
        })
    };
    Ok(web::Json(state.db.read(look).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Enrolment {
    /// One's password, once more.
    #[schema(value_type = String)]
    password: SecretString,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct NewSecondFactor {
    /// The secret in Base32 (RFC 4648), for typing it into an app.
    secret: String,
    /// The same as an `otpauth` URI, for a QR code.
    uri: String,
}

/// Begin to use an authenticator app (RFC 6238). It counts once a code of it is confirmed.
#[utoipa::path(post, path = "/api/v1/users/me/totp", tag = "identity", request_body = Enrolment,
    responses((status = 201, description = "What the app needs, shown this once", body = NewSecondFactor)))]
pub(super) async fn enrol(
    state: web::Data<AppState>,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<Enrolment>,
) -> Result<HttpResponse, ApiError> {
    let attempt = Attempt::begin(&state, &signed_in.user.email, &Whence::of(&request)).await?;
    if !is_password_of(&signed_in, body.into_inner().password).await? {
        attempt.failed(&state).await?;
        return Err(ApiError::field("/password", "is not your password"));
    }
    let inner = state.clone();
    let enrol = move |conn: &mut Conn| {
        attempt.succeeded(conn)?;
        let secret = second_factor::enrol(conn, &inner, &signed_in.user)?;
        let uri = secret.uri(ISSUER, &signed_in.user.email);
        Ok::<_, ApiError>(NewSecondFactor { secret: secret.base32(), uri })
    };
    Ok(HttpResponse::Created().json(state.db.write(enrol).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// The code that the app shows.
    code: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RecoveryCodes {
    /// Ten codes, each good for one sign-in without the app. Nothing will show them again.
    recovery_codes: Vec<String>,
}

/// Turn the second factor on. All other sessions end, and this one gets a new cookie.
#[utoipa::path(post, path = "/api/v1/users/me/totp/confirm", tag = "identity", request_body = Confirmation,
    responses((status = 200, description = "It is on; the recovery codes, shown this once", body = RecoveryCodes)))]
pub(super) async fn confirm(
    state: web::Data<AppState>,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<Confirmation>,
) -> Result<HttpResponse, ApiError> {
    let Confirmation { code } = body.into_inner();
    let attempt = Attempt::begin(&state, &signed_in.user.email, &Whence::of(&request)).await?;
    let (inner, counted) = (state.clone(), attempt.clone());
    let confirm = move |conn: &mut Conn| {
        let codes = second_factor::confirm(conn, &inner, &signed_in.user, &code)?;
        let Some(recovery_codes) = codes else { return Ok(None) };
        counted.succeeded(conn)?;
        let cookie = session::start_anew(conn, &inner, &signed_in)?;
        let act = Act::SecondFactorEnabled { user_id: signed_in.user.id };
        let record = audit::seal(conn, &inner, signed_in.who, None, act)?;
        Ok::<_, ApiError>(Some((cookie, RecoveryCodes { recovery_codes }, record)))
    };
    let Some((cookie, codes, record)) = state.db.write(confirm).await? else {
        attempt.failed(&state).await?;
        return Err(wrong("/code"));
    };
    audit::tell(&record);
    Ok(HttpResponse::Ok().cookie(cookie).json(codes))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Disabling {
    /// The code that the app shows.
    #[serde(default)]
    totp: Option<String>,
    /// One of the recovery codes instead.
    #[serde(default)]
    recovery_code: Option<String>,
}

/// Turn the second factor off. All other sessions end, and this one gets a new cookie.
#[utoipa::path(post, path = "/api/v1/users/me/totp/disable", tag = "identity", request_body = Disabling,
    responses((status = 204, description = "It is off")))]
pub(super) async fn disable(
    state: web::Data<AppState>,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<Disabling>,
) -> Result<HttpResponse, ApiError> {
    let Disabling { totp, recovery_code } = body.into_inner();
    let pointer = if totp.is_some() { "/totp" } else { "/recovery_code" };
    let proof = totp.map(Proof::Totp).or(recovery_code.map(Proof::Recovery));
    let proof = proof.ok_or_else(|| ApiError::field("/totp", "is needed, or recovery_code is"))?;
    let attempt = Attempt::begin(&state, &signed_in.user.email, &Whence::of(&request)).await?;
    let (inner, counted) = (state.clone(), attempt.clone());
    let disable = move |conn: &mut Conn| {
        if !second_factor::accept(conn, &inner, &signed_in.user.id, &proof)? {
            return Ok(None);
        }
        counted.succeeded(conn)?;
        second_factors::remove(conn, &signed_in.user.id)?;
        let cookie = session::start_anew(conn, &inner, &signed_in)?;
        let act = Act::SecondFactorDisabled { user_id: signed_in.user.id };
        let record = audit::seal(conn, &inner, signed_in.who, None, act)?;
        Ok::<_, ApiError>(Some((cookie, record)))
    };
    let Some((cookie, record)) = state.db.write(disable).await? else {
        attempt.failed(&state).await?;
        return Err(wrong(pointer));
    };
    audit::tell(&record);
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

fn wrong(pointer: &str) -> ApiError {
    ApiError::field(pointer, "is wrong, or was used already")
}
