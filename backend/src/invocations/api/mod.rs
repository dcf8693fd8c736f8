//! Invocations over HTTP: one file per route.

mod export;
mod ingest;
mod list;
mod otlp;
mod query;
mod schema;
mod show;

use crate::edge::resource;
use actix_web::http::Method;
use actix_web::web;

/// The routes below `/api/v1`.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(resource(
        "/schemas/ai_invocation_event.json",
        [(Method::GET, web::to(schema::event))],
    ));
}

/// The routes of a project, below `/api/v1/projects/{project}`.
pub fn project_routes(config: &mut web::ServiceConfig) {
    config
        .service(resource(
            "/invocations",
            [(Method::GET, web::to(list::list)), (Method::POST, web::to(ingest::ingest))],
        ))
        .service(resource("/invocations/export", [(Method::GET, web::to(export::export))]))
        .service(resource("/invocations/{event}", [(Method::GET, web::to(show::show))]));
}

/// The route for OTLP exporters.
pub fn otlp_routes(config: &mut web::ServiceConfig) {
    config.service(resource("/traces", [(Method::POST, web::to(otlp::traces))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        list::list,
        ingest::ingest,
        export::export,
        show::show,
        schema::event,
        otlp::traces,
        otlp::traces_of_langfuse,
    ),
    components(schemas(query::PhiClass))
)]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}
