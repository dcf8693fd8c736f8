//! Turning one's second factor on and off.

use super::again::{self, Shown};
use super::{begin, is_password_of};
use crate::audit::{self, Act};
use crate::auth::second_factor::{self, Proof};
use crate::auth::session::{self, SignedIn};
use crate::auth::store::second_factors;
use crate::auth::store::users::{self, UserRow, lock_verified};
use crate::db::{Conn, DbError};
use crate::edge::{Json, NoQuery};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::future::ready;

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
    _: NoQuery,
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
    _: NoQuery,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<Enrolment>,
) -> Result<HttpResponse, ApiError> {
    let attempt = begin(&state, &request, &signed_in).await?;
    let is_right = is_password_of(&signed_in, body.into_inner().password).await?;
    let (inner, counted) = (state.clone(), attempt.clone());
    let enrol = move |conn: &mut Conn| {
        if !lock_verified(conn, &signed_in.user)? {
            return Ok(None);
        }
        counted.succeeded(conn)?;
        let secret = second_factor::enrol(conn, &inner, &signed_in.user)?;
        let uri = secret.uri(ISSUER, &signed_in.user.email);
        Ok::<_, ApiError>(Some(NewSecondFactor { secret: secret.base32(), uri }))
    };
    let made = match is_right {
        true => attempt.excuse(&state, state.db.write(enrol).await).await?,
        false => None,
    };
    let Some(made) = made else {
        attempt.failed(&state).await?;
        return Err(ApiError::field("/password", "is not your password"));
    };
    Ok(HttpResponse::Created().json(made))
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
    _: NoQuery,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<Confirmation>,
) -> Result<HttpResponse, ApiError> {
    let Confirmation { code } = body.into_inner();
    let attempt = begin(&state, &request, &signed_in).await?;
    let (inner, counted) = (state.clone(), attempt.clone());
    let confirm = move |conn: &mut Conn| {
        // No sign-in without a code slips between the code here and the end of other sessions.
        users::lock(conn, &signed_in.user.id)?;
        let codes = second_factor::confirm(conn, &inner, &signed_in.user, &code)?;
        let Some(recovery_codes) = codes else { return Ok(None) };
        counted.succeeded(conn)?;
        let cookie = session::start_anew(conn, &inner, &signed_in)?;
        let act = Act::SecondFactorEnabled { user_id: signed_in.user.id };
        let record = audit::seal(conn, &inner, signed_in.who, None, act)?;
        Ok::<_, ApiError>(Some((cookie, RecoveryCodes { recovery_codes }, record)))
    };
    let confirmed = attempt.excuse(&state, state.db.write(confirm).await).await?;
    let Some((cookie, codes, record)) = confirmed else {
        attempt.failed(&state).await?;
        return Err(ApiError::field("/code", "is wrong, or was used already"));
    };
    audit::tell(&record);
    Ok(HttpResponse::Ok().cookie(cookie).json(codes))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BothFactors {
    /// One's password, once more.
    #[schema(value_type = String)]
    password: SecretString,
    /// The code that the app shows.
    #[serde(default)]
    totp: Option<String>,
    /// One of the recovery codes instead.
    #[serde(default)]
    recovery_code: Option<String>,
}

impl From<BothFactors> for Shown {
    fn from(body: BothFactors) -> Self {
        let proof = Proof::of(body.totp, body.recovery_code);
        Self { password: body.password, pointer: "/password", proof }
    }
}

/// New recovery codes, in the place of those there are. All other sessions end, and this one gets a
/// new cookie.
#[utoipa::path(post, path = "/api/v1/users/me/totp/recovery-codes", tag = "identity", request_body = BothFactors,
    responses((status = 200, description = "The recovery codes, shown this once", body = RecoveryCodes)))]
pub(super) async fn new_codes(
    state: web::Data<AppState>,
    _: NoQuery,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<BothFactors>,
) -> Result<HttpResponse, ApiError> {
    let change = |conn: &mut Conn, user: &UserRow| {
        if !second_factor::is_on(conn, &user.id)? {
            return Err(ApiError::new(Code::Conflict, "There is no second factor."));
        }
        let recovery_codes = second_factor::new_codes(conn, &user.id)?;
        let act = Act::RecoveryCodesReplaced { user_id: user.id.clone() };
        Ok((RecoveryCodes { recovery_codes }, act))
    };
    let shown = body.into_inner().into();
    let (codes, cookie) =
        again::change(&state, &request, signed_in, shown, ready(Ok(change))).await?;
    Ok(HttpResponse::Ok().cookie(cookie).json(codes))
}

/// Turn the second factor off, which takes the password and a code. All other sessions end, and this
/// one gets a new cookie.
#[utoipa::path(post, path = "/api/v1/users/me/totp/disable", tag = "identity", request_body = BothFactors,
    responses((status = 204, description = "It is off")))]
pub(super) async fn disable(
    state: web::Data<AppState>,
    _: NoQuery,
    request: HttpRequest,
    signed_in: SignedIn,
    body: Json<BothFactors>,
) -> Result<HttpResponse, ApiError> {
    let change = |conn: &mut Conn, user: &UserRow| {
        if !second_factors::remove(conn, &user.id)? {
            return Err(ApiError::new(Code::Conflict, "There is no second factor."));
        }
        Ok(((), Act::SecondFactorDisabled { user_id: user.id.clone() }))
    };
    let shown = body.into_inner().into();
    let ((), cookie) = again::change(&state, &request, signed_in, shown, ready(Ok(change))).await?;
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}
