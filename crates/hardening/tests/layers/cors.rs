use crate::support::ask;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, error, web};
use hardening::{Cors, cors};
use std::time::Duration;

const FRIEND: &str = "https://console.example.org";

async fn refuses(
    _request: actix_web::dev::ServiceRequest,
    _next: Next<impl actix_web::body::MessageBody>,
) -> Result<actix_web::dev::ServiceResponse, Error> {
    Err(error::ErrorUnauthorized("no"))
}

macro_rules! service {
    ($credentials:expr) => {{
        let settings = Cors {
            origins: vec![FRIEND.parse().unwrap(), "http://localhost:5173".parse().unwrap()],
            methods: vec![Method::PUT, Method::DELETE],
            headers: vec![header::AUTHORIZATION, header::CONTENT_TYPE],
            exposed: vec![header::ETAG],
            max_age: Duration::from_secs(600),
            credentials: $credentials,
        };
        init_service(
            App::new()
                .wrap(cors(&settings))
                .service(web::scope("/closed").wrap(from_fn(refuses)))
                .service(web::resource("/thing").route(web::get().to(|| async { "thing" }))),
        )
        .await
    }};
}

fn from(origin: &str) -> TestRequest {
    TestRequest::get().uri("/thing").insert_header((header::ORIGIN, origin))
}

fn preflight(origin: &str) -> TestRequest {
    let request = from(origin).method(Method::OPTIONS);
    request
        .insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, "PUT"))
        .insert_header((header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization, x-unknown"))
}

#[actix_web::test]
async fn a_listed_origin_may_read() {
    let answer = ask(&service!(false), from(FRIEND)).await;
    assert_eq!(answer.text(), "thing");
    assert_eq!(answer.header("access-control-allow-origin"), Some(FRIEND));
    assert_eq!(answer.header("access-control-expose-headers"), Some("etag"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("vary"), Some("origin"));
}

#[actix_web::test]
async fn a_listed_origin_may_read_errors_too() {
    let service = service!(false);
    for path in ["/nowhere", "/closed/x"] {
        let answer = ask(&service, from(FRIEND).uri(path)).await;
        assert!(answer.status.is_client_error());
        assert_eq!(answer.header("access-control-allow-origin"), Some(FRIEND), "{path}");
    }
}

#[actix_web::test]
async fn a_preflight_request_is_answered_here() {
    let answer = ask(&service!(true), preflight("http://localhost:5173").uri("/closed/x")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    for (name, value) in [
        ("access-control-allow-origin", "http://localhost:5173"),
        ("access-control-allow-methods", "PUT, DELETE"),
        ("access-control-allow-headers", "authorization, content-type"),
        ("access-control-max-age", "600"),
        ("access-control-allow-credentials", "true"),
        ("vary", "origin"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
}

#[actix_web::test]
async fn any_other_origin_gets_no_cors_header() {
    let service = service!(true);
    for origin in [
        "null",
        "*",
        "",
        "https://evil.example",
        "http://console.example.org",
        "https://console.example.org:8443",
        "https://console.example.org:443",
        "https://console.example.org.evil.example",
        "https://console.example.org/",
        "HTTPS://CONSOLE.EXAMPLE.ORG",
        "https://console.example.org, https://evil.example",
    ] {
        for request in [from(origin), preflight(origin)] {
            let answer = ask(&service, request).await;
            let mut names = answer.headers.keys();
            assert!(!names.any(|name| name.as_str().starts_with("access-control")), "{origin}");
            assert_eq!(answer.header("vary"), Some("origin"), "{origin}");
        }
        assert_eq!(ask(&service, preflight(origin)).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[actix_web::test]
async fn odd_origins_are_none() {
    let service = service!(true);
    let twice = from(FRIEND).append_header((header::ORIGIN, "https://evil.example"));
    let bytes = header::HeaderValue::from_bytes(b"https://\xff.example").unwrap();
    let garbage = TestRequest::get().uri("/thing").insert_header((header::ORIGIN, bytes));
    for request in [twice, garbage, TestRequest::get().uri("/thing")] {
        let answer = ask(&service, request).await;
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(answer.header("vary"), Some("origin"));
    }
}

#[actix_web::test]
async fn options_alone_is_no_preflight() {
    let request = from(FRIEND).method(Method::OPTIONS);
    assert_eq!(ask(&service!(false), request).await.status, StatusCode::METHOD_NOT_ALLOWED);
}
