//! The feed, its sums over runs, and its dead letters over HTTP.

mod letters;
mod replay;
mod runs;
mod stream;

use crate::edge::resource;
use actix_web::http::Method;
use actix_web::web;

/// The routes below `/api/v1`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/insights/stream", [(Method::GET, web::to(stream::show))]))
        .service(resource("/insights/stream/replay", [(Method::GET, web::to(replay::replay))]))
        .service(resource("/insights/dead-letters", [(Method::GET, web::to(letters::list))]))
        .service(resource(
            "/insights/dead-letters/{index}",
            [(Method::DELETE, web::to(letters::drop))],
        ))
        .service(resource(
            "/insights/dead-letters/{index}/retry",
            [(Method::POST, web::to(letters::retry))],
        ));
}

/// The routes of a project, below `/api/v1/projects/{project}`.
pub fn project_routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/runs", [(Method::GET, web::to(runs::list))]))
        .service(resource("/runs/{run}", [(Method::GET, web::to(runs::show))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        runs::list,
        runs::show,
        stream::show,
        replay::replay,
        letters::list,
        letters::drop,
        letters::retry,
    ),
    components(schemas(runs::Node))
)]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}
