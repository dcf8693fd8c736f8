//! `/health` (alive), `/ready` (what it depends on answers), `/metrics` (Prometheus text).

use crate::db::{Conn, Db, DbError};
use crate::edge::{NoQuery, resource};
use crate::error::ApiError;
use crate::insights::Insights;
use crate::invocations::{Batcher, SpoolState};
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use cache::Kind;
use diesel::prelude::*;
use futures_util::future::join;
use hardening::AsItIs;
use redis_link::{Fault, Link};
use serde::Serialize;
use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

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
    /// `database`, `spool`, `redis` where one is set, or `insights`.
    name: &'static str,
    /// `ok`, `degraded` or `unavailable`.
    state: &'static str,
    /// How long it took to answer, in milliseconds.
    latency_ms: f64,
    /// Why it is not `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<Cow<'static, str>>,
}

impl Dependency {
    /// What a question came to that was asked at `asked`.
    fn asked(name: &'static str, asked: Instant, answer: Result<(), &'static str>) -> Self {
        let latency_ms = asked.elapsed().as_secs_f64() * 1000.0;
        let state = if answer.is_ok() { "ok" } else { "unavailable" };
        Self { name, state, latency_ms, reason: answer.err().map(Cow::Borrowed) }
    }
}

/// How long the database may take to say how it is: whoever asks `/ready` waits for two seconds, as
/// Kubernetes does here.
const PATIENCE: Duration = Duration::from_secs(1);

/// Held by the one question to the database that is on its way. A frozen one keeps it, and with it
/// one of the threads that read: whoever comes meanwhile must not take the others, too.
static ASKING: Mutex<()> = Mutex::const_new(());

/// How the dependencies were a moment ago: whoever asks often asks this process, not them.
const DEPENDENCIES: Kind<&str, Vec<Dependency>> =
    Kind::local("readiness", |_| Vec::new(), |all: &Vec<Dependency>| size_of_val(all.as_slice()))
        .ttl(cache::Settings::TRUST)
        .jitter(0);

/// Whether it can serve: dependencies, each with state and latency as they were less than a second
/// ago. Without Redis it still can; without the database it takes events as long as the disk does.
#[utoipa::path(get, path = "/ready", tag = "probes", security(()),
    responses((status = 200, description = "Ready", body = Ready), (status = 503, description = "Not now", body = Ready)))]
async fn ready(
    state: web::Data<AppState>,
    insights: web::Data<Insights>,
    batcher: web::Data<Batcher>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let (inner, spool) = (state.clone(), batcher.spool());
    let load = move || async move {
        Ok::<_, Infallible>(Some(dependencies(&inner, &insights, spool).await))
    };
    let known = state.cache.get(&DEPENDENCIES, &"all", load).await?;
    let dependencies = known.as_deref().cloned().unwrap_or_default();
    let fails =
        |name: &str| dependencies.iter().any(|it| it.name == name && it.state == "unavailable");
    let takes_events = spool.is_some() && !fails("spool");
    let database_fails = fails("database") && !takes_events;
    let anything_fails = dependencies.iter().any(|it| it.state != "ok");
    let status = match (state.stopping.has_begun(), database_fails, anything_fails) {
        (true, ..) => "stopping",
        (_, true, _) => "unavailable",
        (_, _, true) => "degraded",
        _ => "ready",
    };
    let serves = matches!(status, "ready" | "degraded");
    let mut answer = if serves { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let mut answer = answer.json(Ready { status, dependencies });
    answer.extensions_mut().insert(AsItIs);
    Ok(answer)
}

async fn dependencies(
    state: &AppState,
    insights: &Insights,
    spool: Option<SpoolState>,
) -> Vec<Dependency> {
    let redis = async {
        match &state.redis {
            Some(link) => Some(redis(link).await),
            None => None,
        }
    };
    let until = Instant::now() + PATIENCE;
    let (database, redis) = join(database(&state.db, until), redis).await;
    let feed = if database.state == "ok" { Some(feed(insights, until).await) } else { None };
    [Some(database), spool.map(waiting), redis, feed].into_iter().flatten().collect()
}

/// The spool, from which events go to the database when it is back.
fn waiting(spool: SpoolState) -> Dependency {
    let (state, reason) = match spool {
        SpoolState { has_room: false, events, .. } => {
            let reason = format!("the disk takes no more events; {events} wait for the database");
            ("unavailable", Some(reason))
        }
        SpoolState { in_use: true, events, .. } => {
            ("degraded", Some(format!("{events} events wait on disk for the database")))
        }
        SpoolState { in_use: false, .. } => ("ok", None),
    };
    Dependency { name: "spool", state, latency_ms: 0.0, reason: reason.map(Cow::Owned) }
}

/// The insights feed, which the service can do without for a while.
async fn feed(insights: &Insights, until: Instant) -> Dependency {
    let asked = Instant::now();
    let reason = match timeout_at(until, insights.trouble()).await {
        Ok(trouble) => trouble.map(Cow::Owned),
        Err(_) => Some("The database does not say in time how it stands.".into()),
    };
    let state = if reason.is_none() { "ok" } else { "degraded" };
    let latency_ms = asked.elapsed().as_secs_f64() * 1000.0;
    Dependency { name: "insights", state, latency_ms, reason }
}

async fn database(db: &Db, until: Instant) -> Dependency {
    let asked = Instant::now();
    // Who keeps trying says so at once; else it may take long to say nothing.
    let answers = !db.is_away() && matches!(timeout_at(until, one(db)).await, Ok(Ok(_)));
    Dependency::asked("database", asked, answers.then_some(()).ok_or("it does not answer"))
}

async fn one(db: &Db) -> Result<i32, DbError> {
    let asking = ASKING.lock().await;
    let one = move |conn: &mut Conn| {
        let _asking = asking;
        let one = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"));
        one.get_result(conn).map_err(DbError::from)
    };
    db.read(one).await
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
async fn metrics(
    state: web::Data<AppState>,
    insights: web::Data<Insights>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    state.db.observe();
    state.disk.look();
    insights.observe().await;
    let text = state.metrics.encode().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
