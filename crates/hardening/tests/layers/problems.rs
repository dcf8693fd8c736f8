use crate::support::ask;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpResponse, error, web};
use hardening::{Problem, ProblemField, ProblemKind, RequestId, panics, problems, request_id};
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    #[expect(dead_code, reason = "only read from the request")]
    number: u32,
}

async fn takes_json(_body: web::Json<Body>) -> &'static str {
    "taken"
}

async fn takes_form(_body: web::Form<Body>) -> &'static str {
    "taken"
}

async fn refuses() -> Result<HttpResponse, Problem> {
    let field = ProblemField { pointer: "/number".to_owned(), detail: "is odd".to_owned() };
    Err(Problem::new(ProblemKind::VALIDATION, "/number is odd.").with_fields(vec![field]))
}

async fn refuses_early(
    _request: actix_web::dev::ServiceRequest,
    _next: Next<impl actix_web::body::MessageBody>,
) -> Result<actix_web::dev::ServiceResponse, Error> {
    Err(error::ErrorUnauthorized("the secret cause"))
}

macro_rules! service {
    () => {
        init_service(
            App::new()
                .app_data(web::JsonConfig::default().limit(64))
                .wrap(from_fn(panics))
                .wrap(from_fn(problems))
                .wrap(request_id(|| "made-here".to_owned()))
                .route("/json", web::post().to(takes_json))
                .route("/form", web::post().to(takes_form))
                .route("/refused", web::get().to(refuses))
                .service(web::resource("/get").route(web::get().to(|| async { "got" })))
                .service(
                    web::scope("/early")
                        .wrap(from_fn(refuses_early))
                        .route("/x", web::get().to(|| async { "never" })),
                )
                .route("/broken", web::get().to(|| async { error_of("the secret cause") }))
                .route("/teapot", web::get().to(|| async { HttpResponse::ImATeapot().body("tea") }))
                .route("/panic", web::get().to(falls)),
        )
        .await
    };
}

fn error_of(cause: &'static str) -> Result<HttpResponse, Error> {
    Err(error::ErrorInternalServerError(cause))
}

async fn falls(id: web::ReqData<RequestId>) -> HttpResponse {
    panic!("the secret cause of {}", *id)
}

fn json(body: impl Into<web::Bytes>) -> TestRequest {
    let request = TestRequest::post().uri("/json").set_payload(body);
    request.insert_header((header::CONTENT_TYPE, "application/json"))
}

#[actix_web::test]
async fn what_the_framework_refuses_is_a_problem() {
    let service = service!();
    let odd = Method::from_bytes(b"BREW").unwrap();
    for (request, status, kind) in [
        (TestRequest::get().uri("/nowhere"), 404, "not-found"),
        (TestRequest::get().uri("/%ff/%00"), 404, "not-found"),
        (TestRequest::post().uri("/get"), 405, "method-not-allowed"),
        (TestRequest::get().method(odd).uri("/get"), 405, "method-not-allowed"),
        (json("{"), 400, "bad-request"),
        (json(r#"{"number":-1}"#), 400, "bad-request"),
        (json(vec![b' '; 65]), 413, "payload-too-large"),
        (TestRequest::post().uri("/form").set_payload("x"), 415, "unsupported-media-type"),
        (TestRequest::get().uri("/early/x"), 401, "unauthenticated"),
        (TestRequest::get().uri("/broken"), 500, "internal"),
        (TestRequest::get().uri("/panic"), 500, "internal"),
        (TestRequest::get().uri("/teapot"), 418, "bad-request"),
    ] {
        let answer = ask(&service, request).await;
        let problem = answer.problem();
        assert_eq!(problem.kind, format!("/problems/{kind}"), "{status}");
        assert_eq!((answer.status.as_u16(), problem.status), (status, status));
        assert_eq!(problem.instance.as_deref(), Some("made-here"), "{kind}");
        assert_eq!(answer.header("x-request-id"), Some("made-here"), "{kind}");
        assert!(!answer.text().contains("secret"), "{}", answer.text());
    }
}

#[actix_web::test]
async fn a_problem_keeps_its_text_and_gets_the_id() {
    let request = TestRequest::get().uri("/refused").insert_header(("x-request-id", "theirs"));
    let problem = ask(&service!(), request).await.problem();
    assert_eq!(problem.detail, "/number is odd.");
    assert_eq!(problem.errors[0].pointer, "/number");
    assert_eq!(problem.instance.as_deref(), Some("theirs"));
}

#[actix_web::test]
async fn what_succeeds_is_left_alone() {
    let answer = ask(&service!(), TestRequest::get().uri("/get")).await;
    assert_eq!((answer.status, answer.text()), (StatusCode::OK, "got"));
}
