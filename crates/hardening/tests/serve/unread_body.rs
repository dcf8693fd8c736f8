//! Answers that do not wait for the body.

use crate::clients::{exchange, h2};
use crate::support::serve;
use actix_web::{App, HttpResponse, web};
use h2::client::Builder;
use hardening::serve::{ClientPatience, Connections};
use http::Request;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

const NEXT: &str = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// All that is answered to a request with `body`, of which only the beginning is sent at first, and
/// to `then`.
async fn refused(address: SocketAddr, length: usize, body: &str, then: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    exchange(&mut stream, &format!("{body}{then}")).await.unwrap()
}

#[actix_web::test]
async fn a_refusal_keeps_the_connection() {
    let app = || {
        App::new()
            .route("/", web::get().to(|| async { "well" }))
            .route("/", web::post().to(HttpResponse::Unauthorized))
    };
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let body = "x".repeat(200_000);
    let answers = refused(server.address, body.len(), &body, NEXT).await;
    assert!(answers.starts_with("HTTP/1.1 401"), "{answers}");
    assert!(answers.ends_with("well"), "the next request was answered: {answers}");
    // Neither a body that is too long nor one that does not come is waited for.
    for (length, body) in [(300_000, "x"), (5, "xx")] {
        let answer = refused(server.address, length, body, "").await;
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("connection: close"));
    }
}

/// Some clients lose an answer that comes while they send (curl 7.88 does).
#[actix_web::test]
async fn over_http_2_a_refusal_waits_for_the_body() {
    let app = || App::new().route("/", web::post().to(HttpResponse::Unauthorized));
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let client = &mut h2(stream, &Builder::new()).await;
    // Neither a body that is too long nor one that does not come is waited for.
    let cases = [(Some("5"), 5), (None, 5), (None, 0), (Some("300000"), 0), (Some("5"), 0)];
    for (told, sent) in cases {
        let request = Request::post("http://localhost/");
        let request = told.iter().fold(request, |it, told| it.header("content-length", *told));
        let (answer, mut body) = client.send_request(request.body(()).unwrap(), false).unwrap();
        sleep(Duration::from_millis(10)).await;
        if sent > 0 {
            body.send_data(vec![b'x'; sent].into(), true).expect("the stream is still there");
        }
        assert_eq!(answer.await.unwrap().status(), 401, "{told:?} {sent}");
    }
}

#[actix_web::test]
async fn who_waits_to_be_asked_for_the_body_is_refused_without() {
    let app = || App::new().route("/", web::post().to(HttpResponse::Unauthorized));
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST / HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    let answer = exchange(&mut stream, head).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("connection: close"), "{answer}");
}

#[actix_web::test]
async fn who_reads_the_body_has_all_of_it() {
    let app = || {
        App::new()
            .route("/", web::get().to(|| async { "well" }))
            .route("/", web::post().to(|body: String| async { body }))
    };
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let answers = refused(server.address, 5, "whole", NEXT).await;
    assert!(answers.contains("\r\n\r\nwhole") && answers.ends_with("well"), "{answers}");
}

#[actix_web::test]
async fn who_reads_the_body_while_answering_has_all_of_it() {
    let echo = |body: web::Payload| async { HttpResponse::Ok().streaming(body) };
    let app = move || App::new().route("/", web::post().to(echo));
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    let rest = exchange(&mut stream, "whole").await.unwrap();
    assert!(rest.contains("whole"), "{rest}");
}
