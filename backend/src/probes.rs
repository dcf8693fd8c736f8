//! `/health` (alive), `/ready` (what it depends on answers), `/metrics` (Prometheus text).

use crate::db::{Conn, Db, DbError};
use crate::edge::{NoQuery, resource};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use cache::Kind;
use diesel::prelude::*;
use futures_util::future::join;
use redis_link::{Fault, Link};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
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
    /// `ready`; `degraded` if it does without something; `stopping` or `unavailable`.
    status: &'static str,
    /// What it depends on.
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Serialize, utoipa::ToSchema)]
struct Dependency {
    /// `database`, or `redis` where one is set.
    name: &'static str,
    /// `ok` or `unavailable`.
    state: &'static str,
    /// How long it took to answer, in milliseconds.
    latency_ms: f64,
    /// Why it is not `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl Dependency {
    /// What a question came to that was asked at `asked`.
    fn asked(name: &'static str, asked: Instant, answer: Result<(), &'static str>) -> Self {
        let latency_ms = asked.elapsed().as_secs_f64() * 1000.0;
        let state = if answer.is_ok() { "ok" } else { "unavailable" };
        Self { name, state, latency_ms, reason: answer.err() }
    }
}

/// How the dependencies were a moment ago: whoever asks often asks this process, not them.
const DEPENDENCIES: Kind<&str, Vec<Dependency>> =
    Kind::local("readiness", |_| Vec::new(), |all: &Vec<Dependency>| size_of_val(all.as_slice()))
        .ttl(cache::Settings::TRUST)
        .jitter(0);

/// Whether it can serve: dependencies, each with state and latency as they were less than a second
/// ago. Without Redis it still can.
#[utoipa::path(get, path = "/ready", tag = "probes", security(()),
    responses((status = 200, description = "Ready", body = Ready), (status = 503, description = "Not now", body = Ready)))]
async fn ready(state: web::Data<AppState>, _: NoQuery) -> Result<HttpResponse, ApiError> {
    let inner = state.clone();
    let load = move || async move { Ok::<_, Infallible>(Some(dependencies(&inner).await)) };
    let known = state.cache.get(&DEPENDENCIES, &"all", load).await?;
    let dependencies = known.as_deref().cloned().unwrap_or_default();
    let fails = |name: &str| dependencies.iter().any(|it| it.name == name && it.state != "ok");
    let status = match (state.stopping.has_begun(), fails("database"), fails("redis")) {
        (true, ..) => "stopping",
        (_, true, _) => "unavailable",
        (_, _, true) => "degraded",
        _ => "ready",
    };
    let serves = matches!(status, "ready" | "degraded");
    let mut answer = if serves { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    Ok(answer.json(Ready { status, dependencies }))
}

async fn dependencies(state: &AppState) -> Vec<Dependency> {
    match &state.redis {
        None => vec![database(&state.db).await],
        Some(link) => {
            let (database, redis) = join(database(&state.db), redis(link)).await;
            vec![database, redis]
        }
    }
}

async fn database(db: &Db) -> Dependency {
    let asked = Instant::now();
    let one = |conn: &mut Conn| {
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
            .get_result::<i32>(conn)
            .map_err(DbError::from)
    };
    let answer = db.read(one).await.map(drop).map_err(|_| "it does not answer");
    Dependency::asked("database", asked, answer)
}

async fn redis(link: &Arc<Link>) -> Dependency {
    let asked = Instant::now();
    let ping =
        |mut redis| async move { redis_link::redis::cmd("PING").exec_async(&mut redis).await };
    let answer = link.call(ping).await.map_err(|fault| match fault {
        Fault::Resting => "it failed a moment ago and is not asked now",
        Fault::TooSlow => "it does not answer in time",
        Fault::Broken(_) => "it cannot serve",
        Fault::Refused(_) => "it refuses commands",
    });
    Dependency::asked("redis", asked, answer)
}

/// Counters and histograms, as Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "probes", security(()),
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")))]
async fn metrics(state: web::Data<AppState>, _: NoQuery) -> Result<HttpResponse, ApiError> {
    state.db.observe();
    let text = state.metrics.encode().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
