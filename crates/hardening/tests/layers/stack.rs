//! All layers in their order, on a socket with one worker.

use crate::support::exchange;
use actix_web::http::header::ContentType;
use actix_web::middleware::from_fn;
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};
use futures_util::{StreamExt, stream};
use hardening::{
    Cors, Hsts, Nonce, PagePolicy, SecurityHeaders, compression, cors, csrf, panics, problems,
    request_id, security_headers,
};
use std::net::SocketAddr;
use std::time::Duration;

const FRIEND: &str = "https://console.example.org";

async fn page(nonce: Nonce) -> HttpResponse {
    let body = format!("<script nonce=\"{nonce}\"></script>{}", " ".repeat(2000));
    HttpResponse::Ok().content_type(ContentType::html()).body(body)
}

async fn falls_later() -> HttpResponse {
    tokio::task::yield_now().await;
    std::panic::panic_any(42)
}

async fn body_falls() -> HttpResponse {
    let pieces = stream::iter([1, 2]).map(|piece| match piece {
        1 => Ok::<_, actix_web::Error>(Bytes::from("begun")),
        _ => panic!("the secret cause"),
    });
    HttpResponse::Ok().streaming(pieces)
}

/// A handler that falls before it is a future at all.
fn falls_at_once() -> std::future::Ready<HttpResponse> {
    panic!("the secret cause")
}

/// Serves until the test's runtime ends.
fn serve() -> SocketAddr {
    let server = HttpServer::new(|| {
        let page_policy = PagePolicy::new(&[], None).unwrap();
        let sharing = Cors {
            origins: vec![FRIEND.parse().unwrap()],
            methods: Vec::new(),
            headers: Vec::new(),
            exposed: Vec::new(),
            max_age: Duration::from_secs(60),
            credentials: false,
        };
        App::new()
            .wrap(csrf(Vec::new(), |request| request.headers().contains_key("cookie")))
            .wrap(from_fn(panics))
            .wrap(from_fn(problems))
            .wrap(from_fn(compression))
            .wrap(cors(&sharing))
            .wrap(security_headers(SecurityHeaders { page: page_policy, hsts: Hsts::Always }))
            .wrap(request_id(|| "made-here".to_owned()))
            .route("/", web::get().to(page))
            .route("/falls-later", web::get().to(falls_later))
            .route("/falls-at-once", web::get().to(falls_at_once))
            .route("/body-falls", web::get().to(body_falls))
    });
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    address
}

async fn send(address: SocketAddr, request: String) -> String {
    web::block(move || exchange(address, request.as_bytes())).await.unwrap()
}

fn get(path: &str, connection: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: example.org\r\norigin: {FRIEND}\r\nconnection: {connection}\r\n\r\n"
    )
}

#[actix_web::test]
async fn a_panic_ends_neither_the_connection_nor_the_worker() {
    let address = serve();
    for path in ["/falls-later", "/falls-at-once"] {
        let both = format!("{}{}", get(path, "keep-alive"), get("/", "close"));
        let answers = send(address, both).await;
        let (failed, page) = answers.split_once("HTTP/1.1 200 OK").expect("the second answer");
        assert!(failed.starts_with("HTTP/1.1 500"), "{failed}");
        assert!(failed.contains(r#""instance":"made-here"}"#), "{failed}");
        assert!(!answers.contains("secret"), "{answers}");
        for header in [
            "content-type: application/problem+json",
            "x-request-id: made-here",
            "x-content-type-options: nosniff",
            "strict-transport-security: ",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n",
            "access-control-allow-origin: https://console.example.org",
        ] {
            assert_eq!(failed.matches(header).count(), 1, "{header} in {failed}");
        }
        assert!(page.contains("</script>"), "{page}");
    }
}

#[actix_web::test]
async fn a_body_that_panics_ends_its_connection_alone() {
    let address = serve();
    let cut = send(address, get("/body-falls", "keep-alive")).await;
    assert!(!cut.ends_with("0\r\n\r\n"), "it must not look complete");
    assert!(!cut.contains("secret"), "{cut}");
    assert!(send(address, get("/", "close")).await.starts_with("HTTP/1.1 200 OK"));
}

#[actix_web::test]
async fn the_nonce_is_in_the_page_and_in_its_policy() {
    let answer = send(serve(), get("/", "close")).await;
    let (_, rest) = answer.split_once("<script nonce=\"").unwrap();
    let (nonce, _) = rest.split_once('"').unwrap();
    assert_eq!(nonce.len(), 22);
    assert!(answer.contains(&format!("script-src 'nonce-{nonce}' 'strict-dynamic'")), "{answer}");
}

#[actix_web::test]
async fn head_has_the_headers_and_no_body() {
    let head = get("/nowhere", "close").replacen("GET", "HEAD", 1);
    let answer = send(serve(), head).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[actix_web::test]
async fn nothing_that_a_client_sends_becomes_a_header() {
    let address = serve();
    for line in [
        "x-request-id: a\r\n set-cookie: folded=1",
        "x-request-id: a\nset-cookie: bare=1",
        "x-request-id: a%0d%0aset-cookie: escaped=1",
        "origin: https://console.example.org\r\n evil: 1",
        "origin: a\0b",
        "traceparent: 00-\u{ff}",
    ] {
        let request =
            format!("GET / HTTP/1.1\r\nhost: example.org\r\n{line}\r\nconnection: close\r\n\r\n");
        let answer = send(address, request).await;
        assert!(answer.starts_with("HTTP/1.1 "), "{line:?}: {answer}");
        assert!(!answer.contains("set-cookie") && !answer.contains("evil"), "{line:?}: {answer}");
    }
}
