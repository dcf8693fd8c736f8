//! Signing in and out.

use super::PasswordHash;
use super::principal::Principal;
use super::session::{self, Session};
use super::store::{self, SessionRow, UserRow};
use crate::audit::{self, Act, Actor};
use crate::edge::{Json, resource};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use invocation::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// The routes below `/api/v1`.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(resource("/sessions", [(Method::POST, web::to(sign_in))])).service(resource(
        "/sessions/current",
        [(Method::GET, web::to(current)), (Method::DELETE, web::to(sign_out))],
    ));
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(sign_in, current, sign_out))]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// The user's email.
    email: String,
    /// The user's password.
    #[schema(value_type = String)]
    password: SecretString,
}

#[derive(Serialize, utoipa::ToSchema)]
struct User {
    /// The user's id.
    id: String,
    /// Their email.
    email: String,
    /// Whether they administer the whole service.
    is_admin: bool,
}

#[derive(Serialize, utoipa::ToSchema)]
struct SessionView {
    /// Who is signed in.
    user: User,
    /// When the session ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl User {
    fn of(user: UserRow) -> Self {
        Self { id: user.id, email: user.email, is_admin: user.is_admin }
    }
}

/// Sign in: answers a session cookie.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "identity", request_body = SignIn,
    responses((status = 201, description = "Signed in", body = SessionView)))]
async fn sign_in(state: web::Data<AppState>, body: Json<SignIn>) -> Result<HttpResponse, ApiError> {
    let SignIn { email, password } = body.into_inner();
    let email = email.trim().to_lowercase();
    let wanted = email.clone();
    let user = state.db.read(move |conn| store::find_user(conn, &wanted)).await?;
    let Some(user) = check(user, password).await? else {
        let inner = state.clone();
        state
            .db
            .write(move |conn| audit::append(conn, &inner, Actor::System, None, Act::SignInRefused))
            .await?;
        return Err(ApiError::new(Code::Unauthenticated, "Email or password is wrong."));
    };
    let now = state.clock.now();
    let session = Session::generate(now.micros());
    let row = SessionRow {
        id_hash: session.hash(),
        user_id: user.id.clone(),
        created_at: now.micros(),
        seen_at: now.micros(),
        expires_at: session.expires_at,
    };
    let (inner, user_id) = (state.clone(), user.id.clone());
    state
        .db
        .write(move |conn| {
            store::insert_session(conn, row)?;
            let act = Act::SignedIn { user_id: user_id.clone() };
            audit::append(conn, &inner, Actor::User(user_id), None, act)
        })
        .await?;
    let expires_at = Timestamp::from_micros(session.expires_at);
    Ok(HttpResponse::Created()
        .cookie(session.cookie(&state))
        .json(SessionView { user: User::of(user), expires_at }))
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

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/sessions/current", tag = "identity",
    responses((status = 200, description = "The user", body = User)))]
async fn current(
    state: web::Data<AppState>,
    principal: Principal,
) -> Result<web::Json<User>, ApiError> {
    let Principal::User { id, .. } = principal else {
        return Err(ApiError::new(Code::Forbidden, "An API key is not a session."));
    };
    let user = state.db.read(move |conn| store::user_by_id(conn, &id)).await?;
    user.map(|user| web::Json(User::of(user))).ok_or_else(|| ApiError::not_found("user"))
}

/// Sign out: the session ends at once.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "identity",
    responses((status = 204, description = "Signed out")))]
async fn sign_out(
    state: web::Data<AppState>,
    request: HttpRequest,
    principal: Principal,
) -> Result<HttpResponse, ApiError> {
    let Principal::User { id, .. } = principal else {
        return Err(ApiError::new(Code::Forbidden, "An API key is not a session."));
    };
    if let Some(cookie) = session::cookie_in(&request) {
        let (inner, id_hash) = (state.clone(), session::hash(&cookie));
        state
            .db
            .write(move |conn| {
                store::delete_session(conn, &id_hash)?;
                let act = Act::SignedOut { user_id: id.clone() };
                audit::append(conn, &inner, Actor::User(id), None, act)
            })
            .await?;
    }
    Ok(HttpResponse::NoContent().cookie(session::removal(&state)).finish())
}
