use crate::support::ask;
use actix_web::http::header::HeaderValue;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpMessage, HttpRequest, web};
use hardening::{RequestId, TraceParent, request_id};

/// What a handler sees: its request's id and trace.
async fn shown(request: HttpRequest) -> String {
    let extensions = request.extensions();
    let trace =
        extensions.get::<TraceParent>().map_or_else(|| "none".to_owned(), TraceParent::trace_text);
    format!("{} {trace}", extensions.get::<RequestId>().unwrap())
}

macro_rules! service {
    ($made:expr) => {
        init_service(
            App::new().wrap(request_id(|| $made.to_owned())).default_service(web::to(shown)),
        )
        .await
    };
}

#[actix_web::test]
async fn a_sane_id_is_kept_and_any_other_replaced() {
    let service = service!("made");
    let longest = "x".repeat(128);
    let kept = ["a", "A-b_c.9", longest.as_str()].map(str::as_bytes);
    let too_long = "x".repeat(129);
    let replaced: [&[u8]; 9] = [
        b"",
        b"a b",
        b"a,b",
        b"a\tb",
        b"<script>",
        b"\"",
        "é".as_bytes(),
        b"\xff\xfe",
        too_long.as_bytes(),
    ];
    let cases = kept.map(|id| (id, id)).into_iter().chain(replaced.map(|id| (id, &b"made"[..])));
    for (given, expected) in cases {
        let given = HeaderValue::from_bytes(given).unwrap();
        let answer = ask(&service, TestRequest::get().insert_header(("x-request-id", given))).await;
        let expected = std::str::from_utf8(expected).unwrap();
        assert_eq!(answer.header("x-request-id"), Some(expected));
        assert_eq!(answer.text(), format!("{expected} none"));
    }
}

#[actix_web::test]
async fn two_ids_are_none() {
    let request = TestRequest::get()
        .append_header(("x-request-id", "one"))
        .append_header(("x-request-id", "two"));
    assert_eq!(ask(&service!("made"), request).await.header("x-request-id"), Some("made"));
}

#[actix_web::test]
async fn an_id_that_was_made_badly_is_replaced_too() {
    let service = service!("not\r\nsane");
    let first = ask(&service, TestRequest::get()).await.header("x-request-id").unwrap().to_owned();
    let second = ask(&service, TestRequest::get()).await.header("x-request-id").unwrap().to_owned();
    assert_eq!((first.len(), second.len()), (22, 22));
    assert_ne!(first, second);
}

#[actix_web::test]
async fn a_valid_trace_is_known_and_two_are_none() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let service = service!("made");
    let request = TestRequest::get().insert_header(("traceparent", parent.as_str()));
    assert_eq!(ask(&service, request).await.text(), format!("made {TRACE}"));
    let request = TestRequest::get()
        .append_header(("traceparent", parent.as_str()))
        .append_header(("traceparent", parent.as_str()));
    assert_eq!(ask(&service, request).await.text(), "made none");
}
