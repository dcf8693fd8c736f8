//! Answers that do not wait for the body.

use crate::clients::exchange;
use crate::support::serve;
use actix_web::{App, HttpResponse, web};
use hardening::serve::{ClientPatience, Connections};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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
