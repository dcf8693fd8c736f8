//! A project's API keys over HTTP.

use super::access::Access;
use crate::audit::Act;
use crate::auth::{self, Action, ApiKey, KeyRow, Principal, Scope};
use crate::config::RouteClass;
use crate::db::Conn;
use crate::edge::{Cursor, Json, ListPage, NoQuery, PageQuery, Query, resource};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use hardening::NoCompression;
use hardening::limits::Quota;
use invocation::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/keys", [(Method::GET, web::to(list)), (Method::POST, web::to(create))]))
        .service(resource("/keys/{key_id}", [(Method::DELETE, web::to(revoke))]))
        .service(resource("/keys/{key_id}/rotate", [(Method::POST, web::to(rotate))]));
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct KeyView {
    /// The key's id.
    id: String,
    /// What it is called.
    name: String,
    /// What it may be used for.
    scopes: Vec<Scope>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends, if ever.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// How often it may be used, as requests/seconds; as others may, if null.
    quota: Option<String>,
    /// The key itself, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl From<KeyRow> for KeyView {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: Scope::split(&row.scopes),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_micros),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
            quota: row.quota,
            key: None,
        }
    }
}

/// What its cursors are marked with.
const LIST: &str = "keys";

/// A project's API keys, newest first, revoked ones included.
#[utoipa::path(get, path = "/api/v1/projects/{project}/keys", tag = "projects",
    params(("project" = String, Path, description = "Id or slug"),
           ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"), ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of keys", body = ListPage<KeyView>)))]
pub(super) async fn list(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<web::Json<ListPage<KeyView>>, ApiError> {
    let project = access.project(&project, Action::ManageKeys).await?;
    let PageQuery { limit, cursor } = query.into_inner();
    let before = cursor.map(|cursor| cursor.text(LIST)).transpose()?;
    let rows = state
        .db
        .read(move |conn| auth::keys(conn, &project.id, before.as_deref(), limit.get()))
        .await?;
    let views = rows.into_iter().map(KeyView::from).collect();
    Ok(web::Json(ListPage::new(views, limit, |view: &KeyView| Cursor::of(LIST, [view.id.clone()]))))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// What to call it.
    name: super::Name,
    /// What it may be used for, at least one.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// When it ends; never, if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// How often it may be used, as requests/seconds, such as 60/60; as others may, if absent. More
    /// than that takes an administrator of the service.
    #[serde(default)]
    #[schema(pattern = "^[1-9][0-9]{0,3}/[1-9][0-9]{0,5}$")]
    quota: Option<String>,
}

/// Make an API key. The answer shows it, and nothing will again.
#[utoipa::path(post, path = "/api/v1/projects/{project}/keys", tag = "projects", request_body = NewKey,
    params(("project" = String, Path, description = "Id or slug")),
    responses((status = 201, description = "The key", body = KeyView)))]
pub(super) async fn create(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    _: NoQuery,
    body: Json<NewKey>,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::ManageKeys).await?;
    let NewKey { name, mut scopes, expires_at, quota } = body.into_inner();
    scopes.sort_unstable();
    scopes.dedup();
    let now = state.clock.now();
    if scopes.is_empty() {
        return Err(ApiError::field("/scopes", "must have at least one entry"));
    }
    if expires_at.is_some_and(|at| at <= now) {
        return Err(ApiError::field("/expires_at", "must lie in the future"));
    }
    let quota = quota.map(|quota| quota.parse::<Quota>()).transpose();
    let quota = quota.map_err(|fault| ApiError::field("/quota", fault.to_string()))?;
    check_quota(&state, &access, &scopes, quota)?;
    if widens(&access.principal, &scopes) {
        return Err(ApiError::field("/scopes", "must be among those of the key that is used here"));
    }
    let key = ApiKey::generate(&state.clock.new_id());
    let row = KeyRow {
        id: key.id().to_owned(),
        project_id: project.id.clone(),
        name: name.as_str().to_owned(),
        key_hash: key.hash(),
        scopes: Scope::join(&scopes),
        created_at: now.micros(),
        expires_at: expires_at.map(Timestamp::micros),
        revoked_at: None,
        quota: quota.map(|quota| quota.to_string()),
        rotated_at: None,
    };
    let view = KeyView { key: Some(key.reveal().to_owned()), ..KeyView::from(row.clone()) };
    let maker = Arc::clone(&access.principal);
    let create = move |conn: &mut _| {
        if outlives(conn, &maker, row.expires_at)? {
            let wrong = "must not be later than the end of the key that is used here";
            return Err(ApiError::field("/expires_at", wrong));
        }
        let scopes = scopes.iter().map(ToString::to_string).collect();
        let act = Act::KeyCreated { key_id: row.id.clone(), scopes };
        auth::insert_key(conn, row)?;
        Ok(((), act))
    };
    access.act(Some(&project.id), create).await?;
    Ok(shown_once(view))
}

/// Whether a key would hand out scopes that it has not: whoever finds one would find all.
fn widens(maker: &Principal, scopes: &[Scope]) -> bool {
    let Principal::Key { scopes: own, .. } = maker else { return false };
    !scopes.iter().all(|scope| own.contains(scope))
}

/// Whether a key would hand out one that outlives it.
fn outlives(conn: &mut Conn, maker: &Principal, end: Option<i64>) -> Result<bool, ApiError> {
    let Principal::Key { id, .. } = maker else { return Ok(false) };
    let own = auth::key(conn, id)?.and_then(|key| key.expires_at);
    Ok(own.is_some_and(|own| end.is_none_or(|end| end > own)))
}

/// What others may ask is for an administrator of the service to raise, not for those of a project.
fn check_quota(
    state: &AppState,
    access: &Access,
    scopes: &[Scope],
    quota: Option<Quota>,
) -> Result<(), ApiError> {
    let usual =
        scopes.iter().filter_map(|scope| state.config.edge.rate_limits.quota(class(*scope)));
    let exceeded = quota.and_then(|quota| usual.into_iter().find(|usual| exceeds(quota, *usual)));
    match (exceeded, &*access.principal) {
        (None, _) | (_, Principal::User { is_admin: true, .. }) => Ok(()),
        (Some(usual), _) => Err(ApiError::field(
            "/quota",
            format!("must not exceed {usual}, unless an administrator of the service sets it"),
        )),
    }
}

/// The class of routes that a scope opens.
fn class(scope: Scope) -> RouteClass {
    match scope {
        Scope::Ingest => RouteClass::Ingest,
        Scope::Gateway => RouteClass::Gateway,
        Scope::Read | Scope::Manage => RouteClass::Api,
    }
}

/// Whether a quota allows more than another: at once, or in the long run.
fn exceeds(quota: Quota, usual: Quota) -> bool {
    let in_time_of =
        |quota: Quota, other: Quota| u64::from(quota.burst().get()) * other.per().as_secs();
    quota.burst() > usual.burst() || in_time_of(quota, usual) > in_time_of(usual, quota)
}

/// An answer that shows a key: nothing about it may leak through its length.
fn shown_once(view: KeyView) -> HttpResponse {
    let mut response = HttpResponse::Created().json(view);
    response.extensions_mut().insert(NoCompression);
    response
}

/// Revoke an API key, for good. To revoke it again changes nothing.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/keys/{key_id}", tag = "projects",
    params(("project" = String, Path, description = "Id or slug"), ("key_id" = String, Path, description = "The key's id")),
    responses((status = 204, description = "The key is of no use any more")))]
pub(super) async fn revoke(
    state: web::Data<AppState>,
    access: Access,
    path: web::Path<(String, String)>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now().micros();
    let revoke = move |conn: &mut Conn, key: &KeyRow| {
        let is_done = auth::revoke_key(conn, &key.id, now)?;
        Ok(((), is_done.then(|| Act::KeyRevoked { key_id: key.id.clone() })))
    };
    change(&access, path, revoke).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How long a key that was replaced stays good, so that its holders can change over.
const OVERLAP_MICROS: i64 = 24 * 3600 * 1_000_000;

/// Replace an API key by a new one of the same name, scopes, quota and end. The old one stays good
/// for a day, and cannot be rotated again. The answer shows the new one, and nothing will again.
#[utoipa::path(post, path = "/api/v1/projects/{project}/keys/{key_id}/rotate", tag = "projects",
    params(("project" = String, Path, description = "Id or slug"), ("key_id" = String, Path, description = "The key's id")),
    responses((status = 201, description = "The new key", body = KeyView)))]
pub(super) async fn rotate(
    state: web::Data<AppState>,
    access: Access,
    path: web::Path<(String, String)>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let (now, next) = (state.clock.now().micros(), ApiKey::generate(&state.clock.new_id()));
    let maker = Arc::clone(&access.principal);
    let rotate = move |conn: &mut Conn, key: &KeyRow| {
        if widens(&maker, &Scope::split(&key.scopes)) || outlives(conn, &maker, key.expires_at)? {
            let detail = "The key may do more than the one that is used here, or for longer.";
            return Err(ApiError::new(Code::Forbidden, detail));
        }
        let row = auth::rotate_key(conn, key, &next, now, now + OVERLAP_MICROS)?;
        let detail = "The key was rotated already, was revoked, or its end is past.";
        let row = row.ok_or_else(|| ApiError::new(Code::Conflict, detail))?;
        let act = Act::KeyRotated { key_id: key.id.clone(), successor: row.id.clone() };
        Ok((KeyView { key: Some(next.reveal().to_owned()), ..KeyView::from(row) }, Some(act)))
    };
    Ok(shown_once(change(&access, path, rotate).await?))
}

/// Changes the key of a path, if the caller may; what was known of it is forgotten.
async fn change<T: Send + 'static>(
    access: &Access,
    path: web::Path<(String, String)>,
    body: impl FnOnce(&mut Conn, &KeyRow) -> Result<(T, Option<Act>), ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let (project, key_id) = path.into_inner();
    let project = access.project(&project, Action::ManageKeys).await?;
    let project_id = project.id.clone();
    let act = move |conn: &mut Conn| {
        let key = auth::key(conn, &key_id)?.filter(|key| key.project_id == project_id);
        let key = key.ok_or_else(|| ApiError::not_found("key"))?;
        let (done, act) = body(conn, &key)?;
        Ok(((done, key), act))
    };
    let (done, key) = access.act(Some(&project.id), act).await?;
    access.changed(&[auth::key_scope(&key)]).await;
    Ok(done)
}
