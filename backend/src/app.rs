//! The application on one page: the edge as a list, then the routes. Server and tests share it.

use crate::alerts::{self, Watch};
use crate::auth::{self, Authenticator, Callers, Oidc};
use crate::config::RouteClass;
use crate::edge::{Observer, Work};
use crate::insights::{self, Insights};
use crate::invocations::{self, Batcher};
use crate::state::AppState;
use crate::telemetry::traces::Traces;
use crate::{costs, edge, history, ledger, openapi, pages, probes, projects, reports, telemetry};
use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, HttpServiceFactory, Response, ServiceFactory};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use hardening::limits::{Limiter, RedisSettings, rate_limit};
use hardening::serve::{BodyPace, Bounds, Overload, pace_body, shed_load};
use hardening::{compression, cors, csrf, panics, problems, request_id, security_headers};
use std::sync::Arc;

/// How many requests may be in flight at once, between bounds. Those that bring an event each are
/// committed together: more at once is more, not only slower, so their lower bound is high. Those
/// that bring many, or read many, take a core for milliseconds each: more at once is only slower.
const IN_FLIGHT: [(Work, Bounds); 4] = [
    (Work::Ingest, Bounds { min: 1024, max: 2048 }),
    (Work::Batch, Bounds { min: 64, max: 512 }),
    (Work::Query, Bounds { min: 16, max: 512 }),
    (Work::Other, Bounds { min: 64, max: 1024 }),
];

/// The handles that slices bring. Made once, shared by all workers.
#[derive(Clone)]
pub struct Handles {
    state: AppState,
    batcher: Batcher,
    insights: Insights,
    authenticator: Authenticator,
    oidc: Oidc,
    limiter: Limiter<RouteClass>,
    overload: Overload<Work>,
    traces: Option<Traces>,
}

impl Handles {
    /// Starts what runs beside the requests; Redis need not answer yet.
    ///
    /// # Errors
    /// The URL of Redis cannot be read, nobody vouches for the OpenID provider or the collector of
    /// traces, or a metric is registered twice.
    pub async fn start(state: AppState) -> Result<Self, Box<dyn std::error::Error>> {
        let policies = state.config.edge.rate_limits.clone();
        let redis = &state.config.redis;
        // It waits for Redis much less long than others do, so it has a way of its own.
        let limiter = match redis.link("the rate limit") {
            Some(link) => {
                Limiter::redis(policies, RedisSettings::new(link, &*redis.prefix)).await?
            }
            None => Limiter::local(policies),
        };
        let overload = Overload::new(state.config.server.workers, IN_FLIGHT, edge::work_of);
        edge::register_metrics(state.metrics.registry(), &limiter, &overload)?;
        telemetry::register_cache(state.metrics.registry(), state.cache.clone())?;
        let server = state.config.server.listen.ip().to_string();
        let traces = state.config.telemetry.tracing.as_ref();
        let traces = traces
            .map(|it| Traces::start(it, server, state.clock, state.metrics.registry()))
            .transpose()?;
        let batcher = Batcher::start(state.clone()).await?;
        Ok(Self {
            traces,
            insights: Insights::new(state.clone(), batcher.commits())?,
            batcher,
            authenticator: Authenticator::default(),
            oidc: Oidc::new(state.config.oidc.as_ref())?,
            limiter,
            overload,
            state,
        })
    }

    /// The insights feed, whose relay and worker the command starts.
    pub fn insights(&self) -> &Insights {
        &self.insights
    }

    /// What looks out for trouble; the command starts it.
    ///
    /// # Errors
    /// A metric is registered twice.
    pub fn watch(&self) -> prometheus::Result<Watch> {
        let limiters: Vec<_> =
            self.overload.limiters().iter().map(|(_, limiter)| Arc::clone(limiter)).collect();
        let refused = move || limiters.iter().map(|limiter| limiter.refused()).sum();
        Watch::new(self.state.clone(), self.insights.clone(), Box::new(refused))
    }

    /// What traces requests, if there is a collector.
    pub fn traces(&self) -> Option<&Traces> {
        self.traces.as_ref()
    }
}

/// The service. A request meets the layers in the order of their numbers; Actix runs the one that
/// is wrapped last first. Connection limits and timeouts stand before all of them, in `serve`.
pub fn create_app(
    handles: Handles,
) -> impl ServiceFactory<
    Request,
    Config = AppConfig,
    Response = Response<impl MessageBody>,
    Error = Error,
    InitError = (),
    Service: 'static,
    Future: 'static,
> {
    let Handles { state, batcher, insights, authenticator, oidc, .. } = handles;
    let Handles { limiter, overload, traces, .. } = handles;
    let observer =
        Observer { metrics: state.metrics.clone(), slow: state.config.telemetry.slow, traces };
    let outside = edge::outside(&state.config.edge, state.clock);
    let refuse = edge::refusal(observer.clone(), outside);
    let own_metrics_port = state.config.server.metrics_listen.is_some();
    let (clock, settings) = (state.clock, state.config.edge.clone());
    let subject = auth::subjects(state.clone(), authenticator.clone());
    let callers = Callers::new(state.clone(), authenticator.clone(), limiter.clone());
    // A scope of its own, since the compiler forgets the types of what a scope wraps: those of all
    // layers in one would have names of 350,000 characters.
    let routes = web::scope("")
        // 10. quotas, by key, user or address
        .wrap(rate_limit(limiter.clone(), subject))
        // 9. bodies that come too slowly
        .wrap(pace_body(BodyPace::default()))
        // 8. a panic is a 500
        .wrap(from_fn(panics))
        // 7. every error is a problem
        .wrap(from_fn(problems))
        // Routes are tried in this order: the busiest first.
        .service(otlp_scope("/v1", callers.clone()))
        .service(otlp_scope("/api/public/otel/v1", callers.clone()))
        .service(
            web::scope("/api/v1")
                // 13. a repeated POST gets its first answer
                .wrap(edge::idempotent(state.clone(), auth::caller))
                // 12. no other site acts in a user's name
                .wrap(csrf(Vec::new(), auth::has_session))
                // 11. who is calling; that somebody was refused is audited
                .wrap(auth::authenticate(callers))
                // A scope, so that their patterns are not tried one by one.
                .service(
                    web::scope("/projects/{project}")
                        .configure(invocations::project_routes)
                        .configure(projects::project_routes)
                        .configure(insights::project_routes)
                        .configure(costs::project_routes)
                        .configure(reports::project_routes)
                        .default_service(web::to(edge::not_found)),
                )
                .configure(invocations::routes)
                .configure(projects::routes)
                .configure(insights::routes)
                .configure(reports::routes)
                .configure(alerts::routes)
                .configure(history::routes)
                .configure(auth::routes)
                .configure(openapi::routes)
                .default_service(web::to(edge::not_found)),
        )
        .configure(probes::routes)
        .configure(|config| {
            if !own_metrics_port {
                probes::metrics_route(config);
            }
        })
        .configure(pages::routes)
        .configure(ledger::routes)
        .default_service(web::to(edge::not_found));
    let app = App::new()
        .app_data(web::Data::new(state.clone()))
        .app_data(web::Data::new(batcher))
        .app_data(web::Data::new(insights))
        .app_data(web::Data::new(authenticator))
        .app_data(web::Data::new(oidc))
        .app_data(web::Data::new(limiter))
        // 6. compression, where it is safe
        .wrap(from_fn(compression))
        // 5. other origins that may read
        .wrap(cors(&edge::cors_settings(&settings)))
        // 4. headers that every answer has
        .wrap(security_headers(edge::headers(&settings)))
        // 3. metrics, the span for the collector, and the one log line
        .wrap(edge::observe(observer))
        // 2. request id and span
        .wrap(request_id(move || clock.new_id()))
        .service(routes)
        // What is no path, as in `OPTIONS *`, comes to no scope.
        .default_service(web::to(edge::not_found).wrap(from_fn(problems)));
    // 1. beyond capacity, refuse at once
    shed_load(overload, refuse, app)
}

/// Where OTLP exporters send: the standard path, and the one that Langfuse's SDK knows. Sessions
/// are of no use here.
fn otlp_scope(path: &str, callers: Callers) -> impl HttpServiceFactory + use<> {
    web::scope(path)
        .wrap(auth::authenticate(callers))
        .configure(invocations::otlp_routes)
        .default_service(web::to(edge::not_found))
}
