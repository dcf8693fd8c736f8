//! A service that wears all of `hardening::serve`: `serve <port> [plain|tls12|tls13]`.

use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, RequestHead, Response, Server};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::{App, rt, web};
use hardening::serve::tls::{TlsSettings, TlsVersion, development_certificate};
use hardening::serve::{
    BodyPace, Bounds, ClientPatience, Connections, Listen, Overload, Transport, pace_body,
    shed_load, watch_connection,
};
use std::time::Duration;

/// Shared by all who ask, so that what slow readers cost is what their connections cost.
static LARGE: [u8; 8 << 20] = [b'x'; 8 << 20];

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().as_deref().unwrap_or("8080").parse()?;
    let min = match arguments.next().as_deref() {
        Some("tls12") => Some(TlsVersion::Tls12),
        Some("tls13") => Some(TlsVersion::Tls13),
        _ => None,
    };
    let overload = Overload::new(1, [((), Bounds::default())], |head| {
        (head.uri.path() != "/health").then_some(())
    });
    let busy = |_: &RequestHead, _: &AppConfig| {
        let mut response = Response::with_body(StatusCode::SERVICE_UNAVAILABLE, BoxBody::new(""));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        response
    };
    let app = move || {
        let app = App::new()
            // A request meets the last one first.
            .wrap(pace_body(BodyPace::default()))
            .wrap(from_fn(watch_connection))
            .route("/", web::get().to(|| async { "hello" }))
            .route("/", web::post().to(|body: web::Bytes| async move { body.len().to_string() }))
            .route("/health", web::get().to(|| async { "well" }))
            .route("/large", web::get().to(|| async { web::Bytes::from_static(&LARGE) }));
        shed_load(overload.clone(), busy, app)
    };
    let listen = Listen::default();
    let listener = listen.bind(([127, 0, 0, 1], port).into())?;
    let connections = Connections::new(ClientPatience::default());
    let transport = match min {
        None => Transport::Http1,
        Some(min) => {
            let files = development_certificate(&std::env::temp_dir())?;
            let tls = TlsSettings { files, min, client_ca: None }.load()?;
            rt::spawn(tls.certificate.follow(Duration::from_secs(1), |_| ()));
            Transport::Tls(tls.config)
        }
    };
    let server = listen.serve(Server::build(), listener, transport, &connections, app)?;
    rt::spawn(connections.close_overdue(|_| ()));
    Ok(server.run().await?)
}
