use crate::support::ask;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpRequest, HttpResponse, web};
use hardening::{csrf, origin_allowed};

const FRIEND: &str = "https://console.example.org";

/// Says what a WebSocket route would do with the request.
async fn upgrade(request: HttpRequest) -> HttpResponse {
    let allowed = origin_allowed(&request, &[FRIEND.parse().unwrap()]);
    if allowed { HttpResponse::Ok().finish() } else { HttpResponse::Forbidden().finish() }
}

macro_rules! service {
    () => {
        init_service(
            App::new()
                .wrap(csrf(vec![FRIEND.parse().unwrap()], |request| {
                    request.headers().contains_key("cookie")
                }))
                .route("/socket", web::get().to(upgrade))
                .default_service(web::to(HttpResponse::Ok)),
        )
        .await
    };
}

/// A request with these fields to `example.org`, with a cookie.
fn with(method: Method, fields: &[(&'static str, &str)]) -> TestRequest {
    let request = TestRequest::default().method(method).insert_header(("cookie", "session=1"));
    let request = request.insert_header(("host", "example.org"));
    fields.iter().fold(request, |request, field| request.append_header(*field))
}

/// What a page's browser sends, and whether it may act.
const CASES: [(&[(&str, &str)], bool); 34] = [
    // neither field: no browser
    (&[], true),
    (&[("referer", "https://evil.example/")], true),
    // Fetch Metadata decides
    (&[("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "none")], true),
    (&[("sec-fetch-site", "same-site")], false),
    (&[("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "same-origin"), ("origin", "https://example.org")], true),
    (&[("sec-fetch-site", "cross-site"), ("origin", "https://example.org")], false),
    (&[("sec-fetch-site", "same-site"), ("origin", "https://a.example.org")], false),
    (&[("sec-fetch-site", "cross-site"), ("origin", FRIEND)], true),
    // and nothing that is not understood passes
    (&[("sec-fetch-site", "")], false),
    (&[("sec-fetch-site", "Same-Origin")], false),
    (&[("sec-fetch-site", "same-origin, cross-site")], false),
    (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")], false),
    // browsers without it: Origin
    (&[("origin", "https://example.org")], true),
    (&[("origin", "http://example.org")], true),
    (&[("origin", FRIEND)], true),
    (&[("origin", "null")], false),
    (&[("origin", "")], false),
    (&[("origin", "https://evil.example")], false),
    (&[("origin", "https://a.example.org")], false),
    (&[("origin", "https://example.org.evil.example")], false),
    (&[("origin", "https://example.org@evil.example")], false),
    (&[("origin", "https://evil.example/example.org")], false),
    (&[("origin", "https://example.org:8443")], false),
    (&[("origin", "http://console.example.org")], false),
    (&[("origin", "https://example.org"), ("origin", "https://example.org")], false),
    (&[("origin", "https://example.org"), ("origin", "https://evil.example")], false),
    // another field says what it likes
    (&[("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")], false),
    (&[("origin", "https://evil.example"), ("forwarded", "host=evil.example")], false),
    (&[("origin", "https://evil.example"), ("referer", "https://example.org/")], false),
    // two hosts are none
    (&[("origin", "https://evil.example"), ("host", "evil.example")], false),
    (&[("origin", "https://example.org"), ("host", "evil.example")], false),
];

#[actix_web::test]
async fn unsafe_requests_with_a_cookie_come_from_here() {
    let service = service!();
    for (fields, allowed) in CASES {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = ask(&service, with(method, fields)).await;
            assert_eq!(answer.status.as_u16(), if allowed { 200 } else { 403 }, "{fields:?}");
            if !allowed {
                assert_eq!(answer.problem().kind, "/problems/cross-site");
            }
        }
    }
}

#[actix_web::test]
async fn safe_methods_and_requests_without_a_cookie_pass() {
    let service = service!();
    for (fields, _) in CASES {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert_eq!(ask(&service, with(method, fields)).await.status.as_u16(), 200);
        }
        let mut request = with(Method::POST, fields).to_request();
        request.headers_mut().remove("cookie");
        let answer = actix_web::test::call_service(&service, request).await;
        assert_eq!(answer.status().as_u16(), 200);
    }
}

#[actix_web::test]
async fn a_websocket_comes_from_here_though_it_begins_with_get() {
    let service = service!();
    for (fields, allowed) in CASES {
        let answer = ask(&service, with(Method::GET, fields).uri("/socket")).await;
        assert_eq!(answer.status.as_u16(), if allowed { 200 } else { 403 }, "{fields:?}");
    }
}

#[actix_web::test]
async fn ports_count() {
    let service = service!();
    for (host, origin, allowed) in [
        ("example.org:443", "https://example.org", true),
        ("example.org", "https://example.org:443", true),
        ("example.org:80", "http://example.org", true),
        ("EXAMPLE.org", "https://example.org", true),
        ("example.org:8443", "https://example.org:8443", true),
        ("[::1]:8080", "http://[::1]:8080", true),
        ("example.org:80", "https://example.org", false),
        ("example.org:8443", "https://example.org", false),
        ("example.org:8443", "https://example.org:8444", false),
        ("", "https://example.org", false),
        ("example.org/", "https://example.org", false),
    ] {
        let request = TestRequest::post().insert_header(("cookie", "session=1"));
        let request = request.insert_header(("host", host)).insert_header(("origin", origin));
        let answer = ask(&service, request).await;
        assert_eq!(answer.status.as_u16(), if allowed { 200 } else { 403 }, "{host} {origin}");
    }
}

#[actix_web::test]
async fn the_target_names_the_host_where_it_has_one() {
    let service = service!();
    for (target, allowed) in [("https://example.org/x", true), ("https://other.example/x", false)] {
        let request = TestRequest::post().uri(target).insert_header(("cookie", "session=1"));
        let request = request.insert_header(("origin", "https://example.org"));
        let request = request.insert_header(("host", "example.org"));
        let answer = ask(&service, request).await;
        assert_eq!(answer.status.as_u16(), if allowed { 200 } else { 403 }, "{target}");
    }
}

#[actix_web::test]
async fn bytes_that_are_no_text_refuse() {
    let service = service!();
    for name in ["origin", "sec-fetch-site", "host"] {
        let garbage = HeaderValue::from_bytes(b"https://\xc3\xbf.example").unwrap();
        let request = TestRequest::post().insert_header(("cookie", "session=1"));
        let request = request.insert_header(("origin", "https://evil.example"));
        let request = request.insert_header((name, garbage));
        assert_eq!(ask(&service, request).await.status.as_u16(), 403, "{name}");
    }
}
