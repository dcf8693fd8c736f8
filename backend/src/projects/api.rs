//! Projects over HTTP.

use super::access::{Access, Project};
use super::model::{Name, Settings, SettingsChange, Slug};
use super::store::{self, ProjectRow, Whose};
use super::view::{self, ProjectView};
use super::{keys, members, trail};
use crate::audit::{Act, ActName};
use crate::auth::{Action, Principal, Role, set_member};
use crate::edge::{Cursor, Json, ListPage, NoQuery, PageQuery, Query, resource};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// The routes below `/api/v1`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource(
            "/projects",
            [(Method::GET, web::to(list)), (Method::POST, web::to(create))],
        ))
        .configure(trail::routes);
}

/// The routes of a project, below `/api/v1/projects/{project}`.
pub fn project_routes(config: &mut web::ServiceConfig) {
    config
        .service(resource(
            "",
            [
                (Method::GET, web::to(show)),
                (Method::PATCH, web::to(change)),
                (Method::DELETE, web::to(delete)),
            ],
        ))
        .configure(members::routes)
        .configure(keys::routes);
}

#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        list,
        create,
        show,
        change,
        delete,
        members::list,
        members::set,
        members::remove,
        keys::list,
        keys::create,
        keys::revoke,
        keys::rotate,
        trail::list,
        trail::export,
    ),
    components(schemas(ActName))
)]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

/// What its cursors are marked with.
const LIST: &str = "projects";

/// The projects that the caller can see, by slug.
#[utoipa::path(get, path = "/api/v1/projects", tag = "projects",
    params(("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"), ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of projects", body = ListPage<ProjectView>)))]
async fn list(
    state: web::Data<AppState>,
    access: Access,
    query: Query<PageQuery>,
) -> Result<web::Json<ListPage<ProjectView>>, ApiError> {
    let PageQuery { limit, cursor } = query.into_inner();
    let whose = match Principal::clone(&access.principal) {
        Principal::Key { .. } => {
            Whose::OfKey(access.own_project(Action::ReadProject).await?.id.clone())
        }
        Principal::User { is_admin: true, .. } => Whose::All,
        Principal::User { id, .. } => Whose::OfUser(id),
    };
    let after = cursor.map(|cursor| cursor.text(LIST)).transpose()?;
    let rows =
        state.db.read(move |conn| store::list(conn, &whose, after.as_deref(), limit.get())).await?;
    let views = rows.iter().map(ProjectView::of).collect::<Result<Vec<_>, _>>()?;
    Ok(web::Json(ListPage::new(views, limit, |view| Cursor::of(LIST, [view.slug.clone()]))))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProject {
    /// Its name.
    name: Name,
    /// Its name in paths; made from the name if absent.
    #[serde(default)]
    slug: Option<Slug>,
    /// Its rules; the careful ones if absent.
    #[serde(default, deserialize_with = "invocation::object")]
    settings: SettingsChange,
}

/// Make a project; whoever makes it is its first admin.
#[utoipa::path(post, path = "/api/v1/projects", tag = "projects", request_body = NewProject,
    responses((status = 201, description = "The project", body = ProjectView)))]
async fn create(
    state: web::Data<AppState>,
    access: Access,
    _: NoQuery,
    body: Json<NewProject>,
) -> Result<HttpResponse, ApiError> {
    access.administrator()?;
    let NewProject { name, slug, settings } = body.into_inner();
    let slug = slug.or_else(|| Slug::of(&name));
    let slug = slug
        .ok_or_else(|| ApiError::field("/slug", "is needed, since none follows from the name"))?;
    let settings = Settings::default().changed(settings);
    let row = ProjectRow {
        id: state.clock.new_id(),
        slug: slug.as_str().to_owned(),
        name: name.as_str().to_owned(),
        settings: serde_json::to_string(&settings).map_err(ApiError::internal)?,
        secret: rand::random::<[u8; 32]>().to_vec(),
        created_at: state.clock.now().micros(),
        deleted_at: None,
    };
    let project = Project::of(&state, row.clone())?;
    let (project_id, principal) = (row.id.clone(), access.principal.clone());
    let create = move |conn: &mut _| {
        let project_id = row.id.clone();
        if !store::insert(conn, row)? {
            return Err(ApiError::new(Code::Conflict, "A project has this slug already."));
        }
        if let Principal::User { id, .. } = &*principal {
            set_member(conn, &project_id, id, Role::Admin)?;
        }
        Ok(((), Act::ProjectCreated))
    };
    access.act(Some(&project_id), create).await?;
    access.changed_project(&project).await;
    Ok(view::answer(StatusCode::CREATED, project.json))
}

/// One project, by id or slug.
#[utoipa::path(get, path = "/api/v1/projects/{project}", tag = "projects",
    params(("project" = String, Path, description = "Id or slug")),
    responses((status = 200, description = "The project", body = ProjectView)))]
async fn show(
    access: Access,
    project: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::ReadProject).await?;
    Ok(view::answer(StatusCode::OK, project.json.clone()))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ProjectChange {
    /// A new name.
    #[serde(default)]
    name: Option<Name>,
    /// Rules to change; they hold for events that come from now on.
    #[serde(default, deserialize_with = "invocation::object")]
    settings: SettingsChange,
}

/// Change a project's name or rules.
#[utoipa::path(patch, path = "/api/v1/projects/{project}", tag = "projects", request_body = ProjectChange,
    params(("project" = String, Path, description = "Id or slug")),
    responses((status = 200, description = "The project as it is now", body = ProjectView)))]
async fn change(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    _: NoQuery,
    body: Json<ProjectChange>,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::ChangeProject).await?;
    let body = body.into_inner();
    let (inner, id) = (state.clone(), project.id.clone());
    let change = move |conn: &mut _| {
        let row = store::lock(conn, &id)?.ok_or_else(|| ApiError::not_found("project"))?;
        let name = body.name.map_or_else(|| row.name.clone(), |name| name.as_str().to_owned());
        let before = Settings::read(&row.settings)?;
        let after = before.changed(body.settings);
        if (&name, &after) == (&row.name, &before) {
            return Ok((Project::of(&inner, row)?, None));
        }
        let settings = serde_json::to_value(after).map_err(ApiError::internal)?;
        let row = ProjectRow { name, settings: settings.to_string(), ..row };
        store::update(conn, &id, &row.name, &row.settings)?;
        Ok((Project::of(&inner, row)?, Some(Act::ProjectChanged { settings })))
    };
    let changed = access.act(Some(&project.id), change).await?;
    access.changed_project(&changed).await;
    Ok(view::answer(StatusCode::OK, changed.json))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteQuery {
    #[serde(default)]
    confirm: String,
}

/// Delete a project. It is gone at once and erased for good 30 days later.
#[utoipa::path(delete, path = "/api/v1/projects/{project}", tag = "projects",
    params(("project" = String, Path, description = "Id or slug"),
           ("confirm" = String, Query, description = "The project's name, so that nothing is deleted by mistake")),
    responses((status = 204, description = "Deleted")))]
async fn delete(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    query: Query<DeleteQuery>,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::DeleteProject).await?;
    if query.into_inner().confirm != project.name {
        return Err(ApiError::field("/confirm", "must be the project's name"));
    }
    let (id, now) = (project.id.clone(), state.clock.now().micros());
    let delete = move |conn: &mut _| {
        let is_done = store::set_deleted(conn, &id, now)?;
        is_done.then_some(((), Act::ProjectDeleted)).ok_or_else(|| ApiError::not_found("project"))
    };
    access.act(Some(&project.id), delete).await?;
    access.changed_project(&project).await;
    Ok(HttpResponse::NoContent().finish())
}
