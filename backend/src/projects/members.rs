//! A project's members over HTTP.

use super::access::Access;
use crate::audit::Act;
use crate::auth::{self, Action, Role};
use crate::edge::{Json, NoQuery, resource};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/members", [(Method::GET, web::to(list)), (Method::PUT, web::to(set))]))
        .service(resource("/members/{user}", [(Method::DELETE, web::to(remove))]));
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
    _: NoQuery,
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
    _: NoQuery,
    body: Json<SetMember>,
) -> Result<web::Json<MemberView>, ApiError> {
    let project = access.project(&project, Action::ManageMembers).await?;
    let SetMember { email, role } = body.into_inner();
    let project_id = project.id.clone();
    let set = move |conn: &mut _| {
        let user = auth::find_user(conn, &email.trim().to_lowercase())?;
        let user = user.ok_or_else(|| ApiError::field("/email", "is no user's"))?;
        let is_new = auth::set_member(conn, &project.id, &user.id, role)?;
        let act = Act::MemberSet { user_id: user.id.clone(), role: role.to_string() };
        let view = MemberView { user_id: user.id, email: user.email, role: role.to_string() };
        Ok((view, is_new.then_some(act)))
    };
    let member: MemberView = access.act(Some(&project_id), set).await?;
    access.changed(&[auth::rights_scope(&member.user_id)]).await;
    Ok(web::Json(member))
}

/// Take a user out of the project.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/members/{user}", tag = "projects",
    params(("project" = String, Path, description = "Id or slug"), ("user" = String, Path, description = "The user's id")),
    responses((status = 204, description = "They are no member")))]
pub(super) async fn remove(
    access: Access,
    path: web::Path<(String, String)>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let (project, user_id) = path.into_inner();
    let project = access.project(&project, Action::ManageMembers).await?;
    let (project_id, rights) = (project.id.clone(), auth::rights_scope(&user_id));
    let remove = move |conn: &mut _| match auth::remove_member(conn, &project.id, &user_id)? {
        true => Ok(((), Act::MemberRemoved { user_id })),
        false => Err(ApiError::not_found("member")),
    };
    access.act(Some(&project_id), remove).await?;
    access.changed(&[rights]).await;
    Ok(HttpResponse::NoContent().finish())
}
