use crate::support::{Answer, ask};
use actix_web::http::header::{self, ContentType};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpResponse, web};
use hardening::{Hsts, Nonce, PagePolicy, SecurityHeaders, security_headers};

const API: &str = "default-src 'none'; frame-ancestors 'none'";

async fn page(first: Nonce, second: Nonce) -> HttpResponse {
    assert_eq!(first, second);
    HttpResponse::Ok().content_type(ContentType::html()).body(first.to_string())
}

async fn own_headers() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript")
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'self'"))
        .insert_header((header::X_FRAME_OPTIONS, "ALLOWALL"))
        .insert_header((header::SERVER, "a version to look up"))
        .body("1")
}

macro_rules! service {
    ($hsts:expr) => {{
        let page_policy = PagePolicy::new(&["app"], Some("/reports")).unwrap();
        let settings = SecurityHeaders { page: page_policy, hsts: $hsts };
        init_service(
            App::new()
                .wrap(security_headers(settings))
                .route("/page", web::get().to(page))
                .route(
                    "/plain-page",
                    web::get().to(|| async {
                        HttpResponse::NotFound()
                            .content_type("TEXT/HTML ; charset=utf-8")
                            .body("none")
                    }),
                )
                .route("/json", web::get().to(|| async { web::Json([1]) }))
                .route(
                    "/odd",
                    web::get().to(|| async {
                        HttpResponse::Ok().content_type("text/html-not-really").body("")
                    }),
                )
                .route("/own", web::get().to(own_headers)),
        )
        .await
    }};
}

fn nonces(answer: &Answer) -> Vec<&str> {
    let policy = answer.header("content-security-policy").unwrap();
    policy.split("'nonce-").skip(1).map(|rest| rest.split('\'').next().unwrap()).collect()
}

#[actix_web::test]
async fn a_page_has_a_fresh_nonce_in_its_text_and_in_its_policy() {
    let service = service!(Hsts::Never);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..50 {
        let answer = ask(&service, TestRequest::get().uri("/page")).await;
        assert_eq!(nonces(&answer), [answer.text(); 2]);
        assert_eq!(answer.text().len(), 22, "128 bits in base64url");
        assert!(seen.insert(answer.text().to_owned()), "a nonce came twice");
        assert_eq!(answer.header("reporting-endpoints"), Some("csp=\"/reports\""));
    }
}

#[actix_web::test]
async fn a_page_that_asked_for_no_nonce_has_one_that_nobody_knows() {
    let service = service!(Hsts::Never);
    let [first, second] = [0, 1].map(|_| TestRequest::get().uri("/plain-page"));
    let (first, second) = (ask(&service, first).await, ask(&service, second).await);
    assert_eq!(nonces(&first).len(), 2);
    assert_ne!(nonces(&first), nonces(&second));
}

#[actix_web::test]
async fn what_is_no_page_may_load_nothing() {
    let service = service!(Hsts::Never);
    for path in ["/json", "/odd", "/nowhere"] {
        let answer = ask(&service, TestRequest::get().uri(path)).await;
        assert_eq!(answer.header("content-security-policy"), Some(API), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("reporting-endpoints"), None, "{path}");
    }
}

#[actix_web::test]
async fn every_answer_has_the_rest() {
    let service = service!(Hsts::Always);
    for path in ["/page", "/plain-page", "/json", "/own", "/nowhere"] {
        let answer = ask(&service, TestRequest::get().uri(path)).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("x-xss-protection", "0"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000; includeSubDomains; preload"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert!(answer.header("permissions-policy").unwrap().contains("camera=()"));
        assert_eq!(answer.header("server"), None, "{path}");
    }
}

#[actix_web::test]
async fn a_handler_keeps_its_own_caching_and_policy() {
    let answer = ask(&service!(Hsts::Never), TestRequest::get().uri("/own")).await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(answer.header("content-security-policy"), Some("default-src 'self'"));
}

#[actix_web::test]
async fn without_tls_nobody_is_told_to_use_it() {
    for hsts in [Hsts::Never, Hsts::OverTls] {
        // What a client says of a proxy counts for nothing.
        let request = TestRequest::get().uri("/json").insert_header(("x-forwarded-proto", "https"));
        let answer = ask(&service!(hsts), request).await;
        assert_eq!(answer.header("strict-transport-security"), None);
    }
}
