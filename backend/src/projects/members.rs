//! A project's members and API keys over HTTP.

use super::access::Access;
use crate::audit::Act;
use crate::auth::{self, Action, ApiKey, Authenticator, KeyRow, Role, Scope};
use crate::edge::{Cursor, Json, ListPage, PageQuery, Query, resource};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use invocation::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource(
            "/projects/{project}/members",
            [(Method::GET, web::to(list)), (Method::PUT, web::to(set))],
        ))
        .service(resource(
            "/projects/{project}/members/{user}",
            [(Method::DELETE, web::to(remove))],
        ))
        .service(resource(
            "/projects/{project}/keys",
            [(Method::GET, web::to(keys)), (Method::POST, web::to(create_key))],
        ))
        .service(resource("/projects/{project}/keys/{key}", [(Method::DELETE, web::to(revoke))]));
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MemberView {
    /// The user's id.
    user_id: String,
    /// Their email.
    email: String,
    /// Their role.
    role: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MemberList {
    /// All members, by email.
    items: Vec<MemberView>,
}

/// A project's members.
#[utoipa::path(get, path = "/api/v1/projects/{project}/members", tag = "projects",
    params(("project" = String, Path, description = "Id or slug")),
    responses((status = 200, description = "The members", body = MemberList)))]
pub(super) async fn list(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
) -> Result<web::Json<MemberList>, ApiError> {
    let project = access.project(&project, Action::ReadMembers).await?;
    let members = state.db.read(move |conn| auth::members(conn, &project.id)).await?;
    let view = |m: auth::Member| MemberView { user_id: m.user_id, email: m.email, role: m.role };
    Ok(web::Json(MemberList { items: members.into_iter().map(view).collect() }))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetMember {
    /// A user's email.
    email: String,
    /// The role they are to have.
    role: Role,
}

/// Give a user a role in the project.
#[utoipa::path(put, path = "/api/v1/projects/{project}/members", tag = "projects", request_body = SetMember,
    params(("project" = String, Path, description = "Id or slug")),
    responses((status = 200, description = "The member", body = MemberView)))]
pub(super) async fn set(
    access: Access,
    project: web::Path<String>,
    body: Json<SetMember>,
) -> Result<web::Json<MemberView>, ApiError> {
    let project = access.project(&project, Action::ManageMembers).await?;
    let SetMember { email, role } = body.into_inner();
    let project_id = project.id.clone();
    let set = move |conn: &mut _| {
        let user = auth::find_user(conn, &email.trim().to_lowercase())?;
        let user = user.ok_or_else(|| ApiError::field("/email", "is no user's"))?;
        auth::set_member(conn, &project.id, &user.id, role)?;
        let act = Act::MemberSet { user_id: user.id.clone(), role: role.to_string() };
        Ok((MemberView { user_id: user.id, email: user.email, role: role.to_string() }, act))
    };
    Ok(web::Json(access.act(Some(&project_id), set).await?))
}

/// Take a user out of the project.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/members/{user}", tag = "projects",
    params(("project" = String, Path, description = "Id or slug"), ("user" = String, Path, description = "The user's id")),
    responses((status = 204, description = "They are no member")))]
pub(super) async fn remove(
    access: Access,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (project, user_id) = path.into_inner();
    let project = access.project(&project, Action::ManageMembers).await?;
    let project_id = project.id.clone();
    let remove = move |conn: &mut _| match auth::remove_member(conn, &project.id, &user_id)? {
        true => Ok(((), Act::MemberRemoved { user_id })),
        false => Err(ApiError::not_found("member")),
    };
    access.act(Some(&project_id), remove).await?;
    Ok(HttpResponse::NoContent().finish())
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
            key: None,
        }
    }
}

/// A project's API keys, newest first, revoked ones included.
#[utoipa::path(get, path = "/api/v1/projects/{project}/keys", tag = "projects",
    params(("project" = String, Path, description = "Id or slug"),
           ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"), ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of keys", body = ListPage<KeyView>)))]
pub(super) async fn keys(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<web::Json<ListPage<KeyView>>, ApiError> {
    let project = access.project(&project, Action::ManageKeys).await?;
    let PageQuery { limit, cursor } = query.into_inner();
    let before = cursor.as_ref().map(Cursor::text).transpose()?;
    let rows = state
        .db
        .read(move |conn| auth::keys(conn, &project.id, before.as_deref(), limit.get()))
        .await?;
    let views = rows.into_iter().map(KeyView::from).collect();
    Ok(web::Json(ListPage::new(views, limit, |view: &KeyView| Cursor::of([view.id.clone()]))))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// What to call it.
    name: super::Name,
    /// What it may be used for, at least one.
    scopes: Vec<Scope>,
    /// When it ends; never, if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Make an API key. The answer shows it, and nothing will again.
#[utoipa::path(post, path = "/api/v1/projects/{project}/keys", tag = "projects", request_body = NewKey,
    params(("project" = String, Path, description = "Id or slug")),
    responses((status = 201, description = "The key", body = KeyView)))]
pub(super) async fn create_key(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    body: Json<NewKey>,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::ManageKeys).await?;
    let NewKey { name, mut scopes, expires_at } = body.into_inner();
    scopes.sort_unstable();
    scopes.dedup();
    let now = state.clock.now();
    if scopes.is_empty() {
        return Err(ApiError::field("/scopes", "must have at least one entry"));
    }
    if expires_at.is_some_and(|at| at <= now) {
        return Err(ApiError::field("/expires_at", "must lie in the future"));
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
    };
    let view = KeyView { key: Some(key.reveal().to_owned()), ..KeyView::from(row.clone()) };
    let create = move |conn: &mut _| {
        let scopes = scopes.iter().map(ToString::to_string).collect();
        let act = Act::KeyCreated { key_id: row.id.clone(), scopes };
        auth::insert_key(conn, row)?;
        Ok(((), act))
    };
    access.act(Some(&project.id), create).await?;
    Ok(HttpResponse::Created().json(view))
}

/// Revoke an API key, for good.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/keys/{key}", tag = "projects",
    params(("project" = String, Path, description = "Id or slug"), ("key" = String, Path, description = "The key's id")),
    responses((status = 204, description = "The key is of no use any more")))]
pub(super) async fn revoke(
    state: web::Data<AppState>,
    authenticator: web::Data<Authenticator>,
    access: Access,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (project, key_id) = path.into_inner();
    let project = access.project(&project, Action::ManageKeys).await?;
    let (project_id, now) = (project.id.clone(), state.clock.now().micros());
    let revoke = move |conn: &mut _| {
        let revoked = auth::revoke_key(conn, Some(&project.id), &key_id, now)?;
        revoked.ok_or_else(|| ApiError::not_found("key"))?;
        Ok(((), Act::KeyRevoked { key_id }))
    };
    access.act(Some(&project_id), revoke).await?;
    authenticator.forget_keys();
    Ok(HttpResponse::NoContent().finish())
}
