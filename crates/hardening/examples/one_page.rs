//! A service of one page that wears all of it, with TLS by a certificate made at its first start:
//! `cargo run --example one_page -- 127.0.0.1:8443`.
//!
//! `/` is a page with a script and a form; `/notes` takes the form; `/panic` shows the guard; any
//! other path is a problem.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Server, ServiceRequest};
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, rt, web};
use base64::prelude::{BASE64_STANDARD, Engine};
use hardening::limits::{Identity, Limiter, Policies, Quota, RouteClass, Subject, rate_limit};
use hardening::serve::tls::{TlsSettings, TlsVersion, development_certificate};
use hardening::serve::{
    BodyPace, Bounds, ClientPatience, Connections, Listen, Outside, Overload, Transport,
    overloaded, pace_body, shed_load,
};
use hardening::{
    Cors, Hsts, Nonce, Origin, PagePolicy, Problem, ProblemKind, RequestId, SecurityHeaders,
    compression, cors, csrf, panics, problems, request_id, security_headers,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha384};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SCRIPT: &str = "document.getElementById('greeting').textContent = 'The script ran.';\n";
const SESSION: &str = "__Host-session";

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8443".to_owned());
    let page = PagePolicy::new(&[], Some("/reports"))?;
    let friend: Origin = "https://console.example.org".parse()?;
    let headers = SecurityHeaders { page, hsts: Hsts::Always };
    let sharing = Cors {
        origins: vec![friend.clone()],
        methods: vec![Method::PUT, Method::DELETE],
        headers: vec![header::AUTHORIZATION, header::CONTENT_TYPE],
        exposed: vec![header::HeaderName::from_static("x-request-id")],
        max_age: Duration::from_secs(3600),
        credentials: false,
    };
    let overload = Overload::new(1, [((), Bounds::default())], |_| Some(()));
    let limiter = Limiter::local(Policies::default());
    let outside = Outside::new(headers.clone(), &sharing, counted_id());
    let refuse = outside.clone();
    let app = move || {
        let refuse = overloaded(refuse.clone());
        let app = App::new()
            // 10. no other site acts in a user's name
            .wrap(csrf(vec![friend.clone()], has_session))
            // 9. quotas, by address
            .wrap(rate_limit(limiter.clone(), by_address))
            // 8. bodies that come too slowly
            .wrap(pace_body(BodyPace::default()))
            // 7. a panic is a 500
            .wrap(from_fn(panics))
            // 6. every error is a problem
            .wrap(from_fn(problems))
            // 5. what is large and holds no secret is compressed
            .wrap(from_fn(compression))
            // 4. other origins that may read
            .wrap(cors(&sharing))
            // 3. headers that every answer has
            .wrap(security_headers(headers.clone()))
            // 2. an id and a span
            .wrap(request_id(counted_id()))
            .route("/", web::get().to(home))
            .route("/script.js", web::get().to(script))
            .route("/notes", web::post().to(note))
            .route("/reports", web::post().to(HttpResponse::NoContent))
            .route("/panic", web::get().to(fall));
        // 1. beyond capacity, refuse at once
        shed_load(overload.clone(), refuse, app)
    };
    let listen = Listen::default();
    let listener = listen.bind(address.parse()?)?;
    let files = development_certificate(&std::env::temp_dir())?;
    let tls = TlsSettings { files, min: TlsVersion::Tls12, client_ca: None }.load()?;
    rt::spawn(tls.certificate.follow(Duration::from_secs(1), |_| ()));
    let connections = Connections::new(ClientPatience::default());
    let server = Server::build().workers(1);
    let transport = Transport::Tls(tls.config);
    let server = listen.serve(server, listener, transport, &connections, outside, app)?;
    rt::spawn(connections.close_overdue(|_| ()));
    tracing::info!("https://{address}/");
    Ok(server.run().await?)
}

/// The one class of routes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Anything;

impl RouteClass for Anything {
    const ALL: &'static [Self] = &[Self];

    fn name(self) -> &'static str {
        "anything"
    }

    fn quota(self) -> Quota {
        Quota::of::<100, 60>()
    }
}

fn by_address(request: &ServiceRequest) -> Option<Subject<Anything>> {
    let identity = Identity::address(request.peer_addr()?.ip());
    Some(Subject { class: Anything, identity, quota: None })
}

/// A service of more than one worker would take a UUIDv7 here.
fn counted_id() -> impl Fn() -> String {
    let next = AtomicU64::new(0);
    move || format!("request-{}", next.fetch_add(1, Ordering::Relaxed))
}

fn has_session(request: &ServiceRequest) -> bool {
    request.cookie(SESSION).is_some()
}

async fn home(nonce: Nonce) -> HttpResponse {
    let integrity = BASE64_STANDARD.encode(Sha384::digest(SCRIPT));
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<title>One page</title>\n\
         <style nonce=\"{nonce}\">body {{ font: 1rem sans-serif }}</style>\n\
         <p id=\"greeting\">No script ran.\n\
         <form action=\"/notes\" method=\"post\"><input name=\"text\"><button>Keep</button></form>\n\
         <script nonce=\"{nonce}\" src=\"/script.js\" integrity=\"sha384-{integrity}\"></script>\n\
         </html>\n"
    );
    let session = Cookie::build(SESSION, "not-a-secret")
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish();
    HttpResponse::Ok().cookie(session).content_type("text/html; charset=utf-8").body(page)
}

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(SCRIPT)
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

#[derive(Serialize)]
struct Kept {
    characters: usize,
    request: String,
}

async fn note(
    id: web::ReqData<RequestId>,
    note: web::Form<Note>,
) -> Result<web::Json<Kept>, Problem> {
    if note.text.is_empty() {
        return Err(Problem::new(ProblemKind::VALIDATION, "A note must have a text."));
    }
    Ok(web::Json(Kept { characters: note.text.chars().count(), request: id.to_string() }))
}

#[expect(clippy::panic, reason = "to show that the service outlives it")]
async fn fall() -> HttpResponse {
    panic!("somebody asked for it")
}
