//! Reports over HTTP.

use super::remembered;
use super::service::{self, Request};
use super::store::{self, About, Stored};
use crate::auth::Action;
use crate::edge::{Cursor, Json, ListPage, NoQuery, PageQuery, Query, in_order, resource};
use crate::error::ApiError;
use crate::projects::Access;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use invocation::{Label, Timestamp};
use report::Report;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The routes below `/api/v1`.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(resource("/schemas/transparency_report.json", [(Method::GET, web::to(schema))]));
}

/// The routes of a project, below `/api/v1/projects/{project}`.
pub fn project_routes(config: &mut web::ServiceConfig) {
    config
        .service(resource(
            "/reports",
            [(Method::GET, web::to(list)), (Method::POST, web::to(create))],
        ))
        .service(resource("/reports/{report}", [(Method::GET, web::to(show))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, create, show, schema))]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReport {
    /// Only this run.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    run_id: Option<Label>,
    /// Calls that began at this time or later.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Calls that began before this time.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

impl NewReport {
    fn validate(self) -> Result<Request, ApiError> {
        let Self { run_id, from, to } = self;
        match (&run_id, from, to) {
            (None, None, None) => Err(ApiError::field("", "must name a run_id, or from and to")),
            (None, None, Some(_)) => Err(ApiError::field("/from", "is missing")),
            (None, Some(_), None) => Err(ApiError::field("/to", "is missing")),
            _ => {
                in_order(from, to).map(|()| Request { run_id: run_id.map(String::from), from, to })
            }
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
struct ReportView {
    /// The report's id.
    id: String,
    /// The run that it is about.
    run_id: Option<String>,
    /// Where its period starts.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Where its period ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The SHA-256 of its JSON, hex.
    sha256: String,
    /// The report itself (see /api/v1/schemas/transparency_report.json).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    report: Option<Box<RawValue>>,
}

impl From<About> for ReportView {
    fn from(about: About) -> Self {
        Self {
            id: about.id,
            run_id: about.run_id,
            from: about.from_at.map(Timestamp::from_micros),
            to: about.to_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(about.created_at),
            sha256: about.sha256,
            report: None,
        }
    }
}

/// Make a report of a run or a period.
#[utoipa::path(post, path = "/api/v1/projects/{project}/reports", tag = "reports", request_body = NewReport,
    params(("project" = String, Path, description = "Id or slug")),
    responses((status = 201, description = "The report", body = ReportView)))]
async fn create(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    _: NoQuery,
    body: Json<NewReport>,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::CreateReports).await?;
    let request = body.into_inner().validate()?;
    let inner = state.clone();
    let stored = state.db.read(move |conn| service::make(conn, &inner, &project, &request)).await?;
    let kept = stored.clone();
    let Stored { about, body } = stored;
    access.act(Some(&about.project_id), move |conn| service::keep(conn, &kept)).await?;
    let report = RawValue::from_string(body).map_err(ApiError::internal)?;
    let view = ReportView { report: Some(report), ..ReportView::from(about) };
    Ok(HttpResponse::Created().json(view))
}

/// What its cursors are marked with.
const LIST: &str = "reports";

/// A project's reports, newest first.
#[utoipa::path(get, path = "/api/v1/projects/{project}/reports", tag = "reports",
    params(("project" = String, Path, description = "Id or slug"),
           ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"), ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of reports", body = ListPage<ReportView>)))]
async fn list(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<web::Json<ListPage<ReportView>>, ApiError> {
    let project = access.project(&project, Action::ReadReports).await?;
    let PageQuery { limit, cursor } = query.into_inner();
    let before = cursor.map(|cursor| cursor.text(LIST)).transpose()?;
    let rows = state
        .db
        .read(move |conn| store::list(conn, &project.id, before.as_deref(), limit.get()))
        .await?;
    let views = rows.into_iter().map(ReportView::from).collect();
    Ok(web::Json(ListPage::new(views, limit, |view: &ReportView| {
        Cursor::of(LIST, [view.id.clone()])
    })))
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Markdown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShowQuery {
    #[serde(default)]
    format: Format,
}

/// A report's bytes: JSON as its digest is of, or Markdown.
#[utoipa::path(get, path = "/api/v1/projects/{project}/reports/{report}", tag = "reports",
    params(("project" = String, Path, description = "Id or slug"), ("report" = String, Path, description = "The report's id"),
           ("format" = Option<String>, Query, pattern = "^(json|markdown)$", description = "json (the default) or markdown")),
    responses((status = 200, description = "The report", content(
        (serde_json::Value = "application/json"), (String = "text/markdown")))))]
async fn show(
    state: web::Data<AppState>,
    access: Access,
    path: web::Path<(String, String)>,
    query: Query<ShowQuery>,
) -> Result<HttpResponse, ApiError> {
    let (project, id) = path.into_inner();
    let project = access.project(&project, Action::ReadReports).await?;
    let stored = remembered::find(&state, &project.id, id).await?;
    let stored = stored.ok_or_else(|| ApiError::not_found("report"))?;
    Ok(match query.into_inner().format {
        Format::Json => {
            HttpResponse::Ok().content_type("application/json").body(stored.body.clone())
        }
        Format::Markdown => {
            let report: Report = serde_json::from_str(&stored.body).map_err(ApiError::internal)?;
            HttpResponse::Ok()
                .content_type("text/markdown; charset=utf-8")
                .body(report.to_markdown())
        }
    })
}

/// The JSON Schema of a report.
#[utoipa::path(get, path = "/api/v1/schemas/transparency_report.json", tag = "schemas",
    responses((status = 200, description = "JSON Schema, draft 2020-12", body = serde_json::Value, content_type = "application/schema+json")))]
async fn schema(_: NoQuery) -> HttpResponse {
    HttpResponse::Ok().content_type("application/schema+json").body(report::REPORT_SCHEMA)
}
