use crate::support::{Answer, ask};
use actix_web::cookie::Cookie;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service};
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpMessage, HttpResponse, web};
use flate2::read::GzDecoder;
use futures_util::stream;
use hardening::{NoCompression, compression, never_compress};
use std::io::Read;

const LARGE: usize = 4096;

fn text(bytes: usize) -> String {
    "word ".repeat(bytes / 5 + 1).chars().take(bytes).collect()
}

fn answer(kind: &str, bytes: usize) -> HttpResponse {
    HttpResponse::Ok().content_type(kind).body(text(bytes))
}

async fn any(path: web::Path<(usize, String)>) -> HttpResponse {
    let (bytes, kind) = path.into_inner();
    answer(&kind, bytes)
}

async fn marked() -> HttpResponse {
    let mut response = answer("text/plain", LARGE);
    response.extensions_mut().insert(NoCompression);
    response
}

async fn marked_request(request: actix_web::HttpRequest) -> HttpResponse {
    request.extensions_mut().insert(NoCompression);
    answer("text/plain", LARGE)
}

async fn streamed() -> HttpResponse {
    let pieces = (0..3).map(|_| Ok::<_, Error>(Bytes::from(text(100))));
    HttpResponse::Ok().content_type("application/x-ndjson").streaming(stream::iter(pieces))
}

macro_rules! service {
    () => {
        init_service(
            App::new()
                .wrap(from_fn(compression))
                .route("/any/{bytes}/{kind:.*}", web::get().to(any))
                .route("/marked", web::get().to(marked))
                .route("/marked-request", web::get().to(marked_request))
                .route("/streamed", web::get().to(streamed))
                .route(
                    "/cookie",
                    web::get().to(|| async {
                        let mut response = answer("text/plain", LARGE);
                        response.add_cookie(&Cookie::new("session", "secret")).map(|()| response)
                    }),
                )
                .route(
                    "/encoded",
                    web::get().to(|| async {
                        let encoded = (header::CONTENT_ENCODING, "br");
                        HttpResponse::Ok()
                            .content_type("text/css")
                            .insert_header(encoded)
                            .body(text(LARGE))
                    }),
                )
                .route(
                    "/tagged",
                    web::get().to(|| async {
                        let tag = (header::ETAG, "\"tag\"");
                        HttpResponse::Ok()
                            .content_type("text/css")
                            .insert_header(tag)
                            .body(text(LARGE))
                    }),
                )
                .service(
                    web::scope("/keys")
                        .wrap(from_fn(never_compress))
                        .route("", web::get().to(|| async { answer("application/json", LARGE) })),
                ),
        )
        .await
    };
}

async fn get(path: &str, accept: &str) -> Answer {
    let request = TestRequest::get().uri(path).insert_header((header::ACCEPT_ENCODING, accept));
    ask(&service!(), request).await
}

const BROWSER: &str = "gzip, deflate, br, zstd";

#[actix_web::test]
async fn text_is_compressed_as_the_client_prefers() {
    for (accept, encoding) in [
        (BROWSER, Some("br")),
        ("zstd, gzip", Some("zstd")),
        ("br;q=0.1, gzip", Some("gzip")),
        ("gzip;q=0", None),
        ("deflate, compress", None),
        ("identity", None),
        ("*", None),
        ("*;q=0.5, identity;q=0", Some("br")),
        ("*, identity;q=0, br;q=0", Some("zstd")),
        ("*;q=0", None),
        ("identity;q=0, *;q=0", None),
        ("", None),
        ("é;;q=,", None),
        ("gzip;q=9", None),
    ] {
        let answer = get("/any/4096/text/plain;charset=utf-8", accept).await;
        assert_eq!(answer.status.as_u16(), 200, "{accept}");
        assert_eq!(answer.header("content-encoding"), encoding, "{accept}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accept}");
    }
    let plain = ask(&service!(), TestRequest::get().uri("/any/4096/text/plain")).await;
    assert_eq!(plain.text(), text(LARGE));
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
}

#[actix_web::test]
async fn what_was_compressed_is_what_was_said() {
    for (path, bytes) in [("/any/1024/text/plain", 1024), ("/any/1000000/text/plain", 1_000_000)] {
        let answer = get(path, "gzip").await;
        assert!(answer.body.len() < bytes / 10);
        let mut read = String::new();
        GzDecoder::new(answer.body.as_slice()).read_to_string(&mut read).unwrap();
        assert_eq!(read, text(bytes));
    }
}

#[actix_web::test]
async fn only_what_shrinks_is_compressed() {
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/problem+json",
        "image/svg+xml",
        "application/wasm",
        "text/html",
    ] {
        let answer = get(&format!("/any/4096/{kind}").replace(' ', ""), BROWSER).await;
        assert_eq!(answer.header("content-encoding"), Some("br"), "{kind}");
    }
    for kind in
        ["image/png", "font/woff2", "application/zip", "text/event-stream", "video/mp4", "x"]
    {
        let answer = get(&format!("/any/4096/{kind}"), BROWSER).await;
        assert_eq!(answer.header("content-encoding"), None, "{kind}");
        assert_eq!(answer.header("vary"), None, "{kind}");
    }
}

#[actix_web::test]
async fn small_bodies_are_left_alone_and_unknown_lengths_are_not() {
    for bytes in [0, 1, 1023] {
        let answer = get(&format!("/any/{bytes}/text/plain"), BROWSER).await;
        assert_eq!(answer.header("content-encoding"), None, "{bytes}");
        assert_eq!(answer.body.len(), bytes);
    }
    assert_eq!(get("/streamed", BROWSER).await.header("content-encoding"), Some("br"));
}

#[actix_web::test]
async fn secrets_are_never_compressed() {
    for path in ["/marked", "/marked-request", "/cookie", "/keys"] {
        let answer = get(path, BROWSER).await;
        assert_eq!(answer.header("content-encoding"), None, "{path}");
        assert_eq!(answer.text(), text(LARGE), "{path}");
    }
}

#[actix_web::test]
async fn nothing_is_compressed_twice_and_tags_become_weak() {
    let answer = get("/encoded", "gzip").await;
    assert_eq!(answer.header("content-encoding"), Some("br"));
    assert_eq!(answer.text(), text(LARGE));
    assert_eq!(get("/tagged", "gzip").await.header("etag"), Some("W/\"tag\""));
    assert_eq!(get("/tagged", "identity").await.header("etag"), Some("\"tag\""));
}
