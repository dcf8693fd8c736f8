//! `/health` (alive), `/ready` (the database answers), `/metrics` (Prometheus text).

use crate::db::DbError;
use crate::edge::{NoQuery, resource};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use serde::Serialize;
use std::time::Instant;

/// The probes.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/health", [(Method::GET, web::to(health))]))
        .service(resource("/ready", [(Method::GET, web::to(ready))]));
}

/// `/metrics`, on the main port or on one of its own.
pub(crate) fn metrics_route(config: &mut web::ServiceConfig) {
    config.service(resource("/metrics", [(Method::GET, web::to(metrics))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(health, ready, metrics))]
struct Paths;

/// The paths' place in the OpenAPI document.
pub(crate) fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

#[derive(Serialize, utoipa::ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// The version that runs.
    version: &'static str,
}

/// Whether the process is alive. Asks nothing else.
#[utoipa::path(get, path = "/health", tag = "probes", security(()),
    responses((status = 200, description = "Alive", body = Health)))]
async fn health(_: NoQuery) -> web::Json<Health> {
    web::Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

#[derive(Serialize, utoipa::ToSchema)]
struct Ready {
    /// `ready`, `stopping` or `unavailable`.
    status: &'static str,
    /// What it depends on.
    dependencies: Vec<Dependency>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct Dependency {
    /// `database`.
    name: &'static str,
    /// `ok` or `unavailable`.
    state: &'static str,
    /// How long it took to answer, in milliseconds.
    latency_ms: f64,
}

/// Whether it can serve: dependencies, each with state and latency.
#[utoipa::path(get, path = "/ready", tag = "probes", security(()),
    responses((status = 200, description = "Ready", body = Ready), (status = 503, description = "Not now", body = Ready)))]
async fn ready(state: web::Data<AppState>, _: NoQuery) -> HttpResponse {
    let started = Instant::now();
    let answer: Result<i32, DbError> = state
        .db
        .read(|conn| {
            Ok(diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
                .get_result(conn)?)
        })
        .await;
    let latency_ms = started.elapsed().as_secs_f64() * 1000.0;
    let database = Dependency {
        name: "database",
        state: if answer.is_ok() { "ok" } else { "unavailable" },
        latency_ms,
    };
    let status = match (state.stopping.has_begun(), answer.is_ok()) {
        (true, _) => "stopping",
        (false, true) => "ready",
        (false, false) => "unavailable",
    };
    let mut response =
        if status == "ready" { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(Ready { status, dependencies: vec![database] })
}

/// Counters and histograms, as Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "probes", security(()),
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")))]
async fn metrics(state: web::Data<AppState>, _: NoQuery) -> Result<HttpResponse, ApiError> {
    state.db.observe();
    let text = state.metrics.encode().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
