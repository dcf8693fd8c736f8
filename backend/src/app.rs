//! The application on one page: the edge as a list, then the routes. Server and tests share it.

use crate::auth::{self, Authenticator};
use crate::invocations::{self, Batcher};
use crate::state::AppState;
use crate::{costs, edge, ledger, openapi, pages, probes, projects, reports};
use actix_web::body::MessageBody;
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, Error, web};

/// The handles that slices bring. Made once, shared by all workers.
#[derive(Clone)]
pub struct Handles {
    state: AppState,
    batcher: Batcher,
    authenticator: Authenticator,
    projects: projects::Handle,
}

impl Handles {
    /// Starts what runs beside the requests; needs a runtime.
    pub fn start(state: AppState) -> Self {
        Self {
            batcher: Batcher::start(state.clone()),
            authenticator: Authenticator::default(),
            projects: projects::Handle::default(),
            state,
        }
    }
}

/// The service. A request meets the layers in the order of their numbers; Actix runs the one that
/// is wrapped last first.
pub fn create_app(
    handles: Handles,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let own_metrics_port = handles.state.config.server.metrics_listen.is_some();
    App::new()
        .app_data(web::Data::new(handles.state))
        .app_data(web::Data::new(handles.batcher))
        .app_data(web::Data::new(handles.authenticator))
        .app_data(web::Data::new(handles.projects))
        .app_data(web::PayloadConfig::new(4 << 20))
        // 4. headers that every answer has
        .wrap(security_headers())
        // 3. every error becomes a problem
        .wrap(from_fn(edge::problems))
        // 2. request id, metrics, log line
        .wrap(from_fn(edge::observe))
        .configure(probes::routes)
        .configure(|config| {
            if !own_metrics_port {
                probes::metrics_route(config);
            }
        })
        .configure(pages::routes)
        .configure(ledger::routes)
        .service(otlp_scope("/v1"))
        .service(otlp_scope("/api/public/otel/v1"))
        .service(
            web::scope("/api/v1")
                // 6. a repeated POST gets its first answer
                .wrap(from_fn(edge::idempotent))
                // 5. who is calling
                .wrap(from_fn(auth::authenticate))
                .configure(auth::routes)
                .configure(projects::routes)
                .configure(invocations::routes)
                .configure(costs::routes)
                .configure(reports::routes)
                .configure(openapi::routes)
                .default_service(web::to(edge::not_found)),
        )
        .default_service(web::to(edge::not_found))
}

/// Where OTLP exporters send: the standard path, and the one that Langfuse's SDK knows.
fn otlp_scope(path: &str) -> impl HttpServiceFactory + use<> {
    web::scope(path)
        .wrap(from_fn(auth::authenticate))
        .configure(invocations::otlp_routes)
        .default_service(web::to(edge::not_found))
}

fn security_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("x-content-type-options", "nosniff"))
        .add(("referrer-policy", "no-referrer"))
        .add(("x-frame-options", "DENY"))
        .add(("content-security-policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"))
        .add(("cache-control", "no-store"))
}
