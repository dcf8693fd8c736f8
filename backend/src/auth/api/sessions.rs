//! One's own sessions.

use super::User;
use crate::audit::{self, Act};
use crate::auth::session::{self, SignedIn};
use crate::auth::store::sessions::{self, SessionRow};
use crate::db::Conn;
use crate::edge::{Cursor, ListPage, NoQuery, PageQuery, Query};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::{HttpResponse, web};
use invocation::Timestamp;
use serde::Serialize;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SessionView {
    /// The session's id; it is not the secret in the cookie.
    id: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Timestamp,
    /// When it ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// The address that it began from.
    address: String,
    /// The browser that it began in, as it called itself.
    user_agent: String,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionView {
    fn of(row: SessionRow, current: &str) -> Self {
        Self {
            current: row.id == current,
            id: row.id,
            created_at: Timestamp::from_micros(row.created_at),
            seen_at: Timestamp::from_micros(row.seen_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            address: row.address,
            user_agent: row.user_agent,
        }
    }
}

/// What its cursors are marked with.
const LIST: &str = "sessions";

/// One's own sessions, newest first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "identity",
    params(("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"), ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of sessions", body = ListPage<SessionView>)))]
pub(super) async fn list(
    state: web::Data<AppState>,
    signed_in: SignedIn,
    query: Query<PageQuery>,
) -> Result<web::Json<ListPage<SessionView>>, ApiError> {
    let PageQuery { limit, cursor } = query.into_inner();
    let before = cursor.map(|cursor| cursor.text(LIST)).transpose()?;
    let (now, idle) = (state.clock.now().micros(), state.config.identity.session_idle);
    let SignedIn { user, session_id, .. } = signed_in;
    let page = move |conn: &mut Conn| {
        sessions::list(conn, &user.id, now, idle, before.as_deref(), limit.get())
    };
    let rows = state.db.read(page).await?;
    let views = rows.into_iter().map(|row| SessionView::of(row, &session_id)).collect();
    Ok(web::Json(ListPage::new(views, limit, |view: &SessionView| {
        Cursor::of(LIST, [view.id.clone()])
    })))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/sessions/current", tag = "identity",
    responses((status = 200, description = "The user", body = User)))]
pub(super) async fn current(signed_in: SignedIn, _: NoQuery) -> web::Json<User> {
    web::Json(User::of(signed_in.user))
}

/// Sign out: the session ends at once.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "identity",
    responses((status = 204, description = "Signed out")))]
pub(super) async fn sign_out(
    state: web::Data<AppState>,
    signed_in: SignedIn,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let SignedIn { user, session_id, who, .. } = signed_in;
    let end = move |conn: &mut Conn| {
        let ended = sessions::end(conn, &user.id, &session_id)?;
        Ok::<_, ApiError>(((), ended.then_some(Act::SignedOut { user_id: user.id })))
    };
    audit::write(&state, who, None, end).await?;
    Ok(HttpResponse::NoContent().cookie(session::removal(&state)).finish())
}

/// End one of one's own sessions, at once.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "identity",
    params(("session" = String, Path, description = "The session's id")),
    responses((status = 204, description = "It has ended")))]
pub(super) async fn end(
    state: web::Data<AppState>,
    signed_in: SignedIn,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let SignedIn { user, session_id, who, .. } = signed_in;
    let id = id.into_inner();
    let is_current = id == session_id;
    let end = move |conn: &mut Conn| match sessions::end(conn, &user.id, &id)? {
        true => Ok(((), Act::SessionsEnded { user_id: user.id, count: 1 })),
        false => Err(ApiError::not_found("session")),
    };
    audit::write(&state, who, None, end).await?;
    let mut answer = HttpResponse::NoContent();
    if is_current {
        answer.cookie(session::removal(&state));
    }
    Ok(answer.finish())
}

/// End all of one's own sessions but this one, at once.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "identity",
    responses((status = 204, description = "This session is the only one")))]
pub(super) async fn end_others(
    state: web::Data<AppState>,
    signed_in: SignedIn,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let SignedIn { user, session_id, who, .. } = signed_in;
    let end = move |conn: &mut Conn| {
        let count = sessions::end_others(conn, &user.id, &session_id)?;
        let act = Act::SessionsEnded { user_id: user.id, count };
        Ok::<_, ApiError>(((), (count > 0).then_some(act)))
    };
    audit::write(&state, who, None, end).await?;
    Ok(HttpResponse::NoContent().finish())
}
