//! `researchflow serve`.

use super::{Failure, Verdict, adopt_ledger, start_logging, unsaid};
use crate::app::{Handles, create_app};
use crate::audit::{self, Act, Actor};
use crate::auth::{self, Bootstrapped};
use crate::config::{Config, ConfigArgs};
use crate::db::{self, migrate};
use crate::history::Recorder;
use crate::insights::Insights;
use crate::state::AppState;
use crate::{edge, erasure, file_limit, probes, projects};
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, web};
use hardening::limits::Trust;
use hardening::serve::tls::{ReloadingCertificate, TlsError};
use hardening::serve::{ClientPatience, Connections, Listen, Transport};
use hardening::{compression, panics, problems, request_id, security_headers};
use secrecy::ExposeSecret;
use std::fs::File;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Do not bring the schema up to date at the start.
    #[arg(long)]
    no_migrate: bool,
    /// Run the insights worker in this process: the default in development.
    #[arg(long, overrides_with = "no_worker")]
    worker: bool,
    /// Leave that to processes of `researchflow worker`: the default in staging and production.
    #[arg(long)]
    no_worker: bool,
}

/// Between `/ready` saying no and no longer accepting, so that load balancers notice, and clients who
/// keep their connections.
const GRACE: Duration = Duration::from_millis(500);
/// How often the TLS certificate's files are looked at.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(1);
/// How long the process waits at its end for its last figures to be written.
const LAST_FIGURES: Duration = Duration::from_secs(2);

pub(super) fn run(args: ServeArgs) -> Verdict {
    let config = args.config.validate().map_err(Failure::new)?;
    let _reports = start_logging(&config)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}: production would not start");
    }
    file_limit::raise();
    let _alone = take_alone(&config)?;
    let state = AppState::new(config).map_err(Failure::new)?;
    let listen = state.config.server.listen;
    let listener = bind("RESEARCHFLOW_LISTEN", listen)?;
    let metrics = metrics_listener(&state)?;
    let runtime = actix_web::rt::System::new();
    prepare(&state, !args.no_migrate)?;
    let worker = args.worker || (state.config.server.is_development() && !args.no_worker);
    runtime.block_on(serve(state, listener, metrics, worker)).map_err(Failure::new)?;
    Ok(true)
}

/// In production a SQLite file is one process's: a second one, which a load balancer would send half
/// of the requests to, is a mistake.
fn take_alone(config: &Config) -> Result<Option<File>, Failure> {
    let url = config.database.url.expose_secret();
    let is_file = db::Kind::of(url) == Some(db::Kind::Sqlite);
    let alone = config.server.is_production() && is_file;
    alone.then(|| db::take_alone(url)).transpose().map_err(Failure)
}

/// Schema, ledger, default project, first user and key. Safe when two processes start at once.
fn prepare(state: &AppState, migrate: bool) -> Result<(), Failure> {
    if !migrate {
        state.db.must_exist()?;
    }
    let mut conn = state.db.connect()?;
    if migrate {
        for version in migrate::up(&mut conn)? {
            tracing::info!(version, "migrated");
        }
    } else if let Some(step) = migrate::status(&mut conn)?.into_iter().find(|step| !step.applied) {
        let name = step.name;
        let detail = format!("The migration {name} has not run: `researchflow migrate up` first.");
        return Err(Failure(detail));
    }
    db::write(&mut conn, |conn| {
        adopt_ledger(conn, state)?;
        let secret = rand::random::<[u8; 32]>().to_vec();
        let (id, now) = (state.clock.new_id(), state.clock.now().micros());
        let (project_id, made) = projects::ensure_default(conn, id, secret, now)?;
        if made {
            audit::append(conn, state, Actor::System, Some(&project_id), Act::ProjectCreated)?;
        }
        // Nobody is made whose password nobody has seen.
        show(&auth::bootstrap(conn, state, &project_id)?)
    })
}

fn show(first: &Bootstrapped) -> Result<(), Failure> {
    let mut lines = String::new();
    if let Some((email, password)) = &first.admin {
        lines += &format!("Administrator  {email}  password  {password}\n");
    }
    if let Some(key) = &first.key {
        lines += &format!("API key of the project default  {key}\n");
    }
    if lines.is_empty() {
        return Ok(());
    }
    lines += "These are shown this once; only their hashes are kept.\n";
    io::stdout().lock().write_all(lines.as_bytes()).map_err(|error| unsaid(&error))
}

/// Takes the address that `setting` names.
fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    Listen::default()
        .bind(address)
        .map_err(|error| Failure(format!("{setting}: {address} cannot be had: {error}.")))
}

/// The listener for `/metrics` alone, if one is set.
pub(super) fn metrics_listener(state: &AppState) -> Result<Option<TcpListener>, Failure> {
    let listen = state.config.server.metrics_listen;
    listen.map(|listen| bind("RESEARCHFLOW_METRICS_LISTEN", listen)).transpose()
}

async fn serve(
    state: AppState,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    worker: bool,
) -> Result<(), Failure> {
    let settings = state.config.server.clone();
    let state = state.with_redis().await.map_err(Failure::new)?;
    let handles = Handles::start(state.clone()).await.map_err(Failure::new)?;
    let (insights, traces) = (handles.insights().clone(), handles.traces().cloned());
    let watch = handles.watch().map_err(Failure::new)?;
    let address = listener.local_addr().map_err(Failure::new)?;
    let node = state.config.telemetry.node_at(address.port());
    let recorder = Recorder::new(state.clone(), insights.clone(), node.clone());
    let connections = Connections::new(ClientPatience::default());
    let server = Server::build()
        .workers(settings.workers)
        .shutdown_timeout(settings.shutdown_seconds)
        .disable_signals();
    let transport = transport(&state)?;
    let scheme = if transport.is_secure() { "https" } else { "http" };
    let app = move || create_app(handles.clone());
    let outside = edge::outside(&state.config.edge, state.clock);
    let server = Listen::default().serve(server, listener, transport, &connections, outside, app);
    let server = server.map_err(Failure::new)?;
    // Before anybody is told that the service is there: from now on it stops as it should.
    let stop = stop_signal().map_err(Failure::new)?;
    tracing::info!(%address, scheme, "listening");
    let server = server.run();
    let metrics = metrics_server(&state, &insights, metrics).map_err(Failure::new)?;
    let handle = server.handle();
    let closed = state.metrics.connections_closed.clone();
    let ending = connections.clone();
    insights.relay();
    if worker {
        insights.work();
    }
    let beside = [
        actix_web::rt::spawn(erasure::run(state.clone())),
        actix_web::rt::spawn(watch.run(node)),
        actix_web::rt::spawn(connections.close_overdue(move |n| closed.inc_by(n as u64))),
    ];
    let (recorded, last) = oneshot::channel();
    let recording = actix_web::rt::spawn(recorder.run(last));
    actix_web::rt::spawn(async move {
        stop.await;
        tracing::info!("stopping");
        state.stopping.begin();
        ending.bid_farewell();
        tokio::time::sleep(GRACE).await;
        handle.stop(true).await;
    });
    let outcome = server.await;
    for task in beside {
        task.abort();
    }
    drop(recorded);
    let _ = tokio::time::timeout(LAST_FIGURES, recording).await;
    insights.stop().await;
    if let Some(traces) = traces {
        traces.stop().await;
    }
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    tracing::info!("stopped");
    outcome.map_err(Failure::new)
}

fn transport(state: &AppState) -> Result<Transport, Failure> {
    Ok(match state.config.tls.clone() {
        Some(tls) => {
            let tls = tls.load().map_err(Failure::new)?;
            follow_certificate(state, tls.certificate);
            Transport::Tls(tls.config)
        }
        None if offers_h2c(&state.config) => Transport::Http1OrH2c,
        None => Transport::Http1,
    })
}

/// HTTP/2 without TLS, for those who stand in front of the service.
fn offers_h2c(config: &Config) -> bool {
    let edge = &config.edge;
    let proxied = edge.tls_terminated || edge.proxies.trust != Trust::default();
    proxied || config.server.listen.ip().is_loopback()
}

/// Shows a new certificate when its files change; a bad one is told of, and the old one stays.
fn follow_certificate(state: &AppState, certificate: Arc<ReloadingCertificate>) {
    let reloads = state.metrics.certificate_reloads.clone();
    let report = move |outcome: Result<(), &TlsError>| match outcome {
        Ok(()) => {
            reloads.with_label_values(&["loaded"]).inc();
            tracing::info!("the TLS certificate was changed");
        }
        Err(error) => {
            reloads.with_label_values(&["failed"]).inc();
            tracing::error!(%error, "the TLS certificate's files cannot be used; the old one stays");
        }
    };
    actix_web::rt::spawn(certificate.follow(CERTIFICATE_LOOK, report));
}

/// `/metrics` on that listener, if there is one.
pub(super) fn metrics_server(
    state: &AppState,
    insights: &Insights,
    listener: Option<TcpListener>,
) -> io::Result<Option<ServerHandle>> {
    let Some(listener) = listener else { return Ok(None) };
    let (state, insights) = (state.clone(), insights.clone());
    let outside = edge::outside(&state.config.edge, state.clock);
    let app = move || {
        let clock = state.clock;
        // Those of the layers in `create_app` that concern it, in that order.
        App::new()
            .app_data(web::Data::new(state.clone()))
            .app_data(web::Data::new(insights.clone()))
            .wrap(from_fn(panics))
            .wrap(from_fn(problems))
            .wrap(from_fn(compression))
            .wrap(security_headers(edge::headers(&state.config.edge)))
            .wrap(request_id(move || clock.new_id()))
            .configure(probes::metrics_route)
            .default_service(web::to(edge::not_found))
    };
    let limits = Listen::default();
    let connections = Connections::new(ClientPatience::default());
    let server = Server::build().workers(1).disable_signals();
    tracing::info!(address = %listener.local_addr()?, "metrics listening");
    let server = limits.serve(server, listener, Transport::Http1, &connections, outside, app)?;
    let server = server.run();
    actix_web::rt::spawn(connections.close_overdue(|_| ()));
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(Some(handle))
}

pub(super) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // A terminal that is closed ends what runs in it: not in the middle of a request.
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
