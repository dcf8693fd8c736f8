//! HTTP/2: what passes, and what one connection may ask for.

use crate::clients::h2;
use crate::support::{Running, chunks, serve};
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, rt, web};
use futures_util::FutureExt;
use h2::Reason;
use h2::client::{Builder, SendRequest};
use hardening::serve::{ClientPatience, Connections};
use http::{Method, Request, Response};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

const LARGE: usize = 3 << 20;

fn start(connections: &Connections) -> Running {
    let app = move || {
        App::new()
            .app_data(web::PayloadConfig::new(LARGE))
            .route("/", web::get().to(|| async { "hello" }))
            .route("/", web::head().to(|| async { "hello" }))
            .route("/", web::post().to(|body: Bytes| async move { body }))
            .route("/", web::delete().to(HttpResponse::NoContent))
            .route("/chunks", web::get().to(chunks))
    };
    serve(app, None, connections)
}

async fn connect(server: &Running, builder: &Builder) -> SendRequest<Bytes> {
    h2(TcpStream::connect(server.address).await.unwrap(), builder).await
}

/// The head and the body of the answer to a request, which is sent in two halves.
async fn ask(
    client: &mut SendRequest<Bytes>,
    (method, path): (Method, &str),
    mut body: Bytes,
) -> (Response<()>, Vec<u8>) {
    let address = format!("http://localhost{path}");
    let request = Request::builder().method(method).uri(address).body(()).unwrap();
    let (answer, mut sender) = client.send_request(request, body.is_empty()).unwrap();
    if !body.is_empty() {
        let half = body.split_to(body.len() / 2);
        sender.send_data(half, false).unwrap();
        sender.send_data(body, true).unwrap();
    }
    let (head, mut body) = answer.await.unwrap().into_parts();
    let mut bytes = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.unwrap();
        body.flow_control().release_capacity(chunk.len()).unwrap();
        bytes.extend_from_slice(&chunk);
    }
    (Response::from_parts(head, ()), bytes)
}

#[actix_web::test]
async fn requests_and_answers_pass_whole() {
    let server = start(&Connections::new(ClientPatience::default()));
    let client = &mut connect(&server, &Builder::new()).await;
    let large = Bytes::from_iter((0..LARGE).map(|at| at as u8));
    let none = Bytes::new();
    let cases = [
        (Method::GET, "/", &none, 200, Some("5"), &b"hello"[..]),
        (Method::HEAD, "/", &none, 200, Some("5"), b""),
        (Method::POST, "/", &large, 200, Some("3145728"), &large),
        (Method::POST, "/", &none, 200, Some("0"), b""),
        (Method::DELETE, "/", &none, 204, None, b""),
        (Method::GET, "/chunks", &none, 200, None, b"one two three"),
        (Method::GET, "/nowhere", &none, 404, Some("0"), b""),
    ];
    for (method, path, body, status, length, answer) in cases {
        let (head, bytes) = ask(client, (method.clone(), path), body.clone()).await;
        assert_eq!(head.status(), status, "{method} {path}");
        let told = head.headers().get("content-length").map(|length| length.to_str().unwrap());
        assert_eq!(told, length, "{method} {path}");
        assert!(bytes == answer, "{method} {path}: {} bytes", bytes.len());
    }
}

#[actix_web::test]
async fn the_first_bytes_may_come_one_by_one() {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let server = start(&Connections::new(ClientPatience::default()));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &SETTINGS].concat() {
        stream.write_all(&[byte]).await.unwrap();
        sleep(Duration::from_millis(2)).await;
    }
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "the server's settings: {frame:?}");
    // Who stops on the way is not waited for.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"PRI *").await.unwrap();
    sleep(Duration::from_millis(10)).await;
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut frame).await.unwrap(), 0);
}

#[actix_web::test]
async fn requests_in_progress_are_bounded() {
    let server = start(&Connections::new(ClientPatience::default()));
    let client = &mut connect(&server, &Builder::new()).await;
    ask(client, (Method::GET, "/"), Bytes::new()).await;
    assert_eq!(client.current_max_send_streams(), 128);
}

#[actix_web::test]
async fn a_long_head_is_refused_and_the_connection_lives_on() {
    let server = start(&Connections::new(ClientPatience::default()));
    let client = &mut connect(&server, &Builder::new()).await;
    let long = Request::get("http://localhost/").header("long", "x".repeat(65 << 10));
    let (answer, _) = client.send_request(long.body(()).unwrap(), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 431);
    assert_eq!(ask(client, (Method::GET, "/"), Bytes::new()).await.1, b"hello");
}

#[actix_web::test]
async fn what_is_no_request_is_told_so() {
    let server = start(&Connections::new(ClientPatience::default()));
    let client = &mut connect(&server, &Builder::new()).await;
    let hosts = Request::get("http://localhost/").header("host", "a").header("host", "b");
    let (answer, _) = client.send_request(hosts.body(()).unwrap(), true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers().get("x-request-id").unwrap(), "an-id");
    assert_eq!(answer.headers().get("x-content-type-options").unwrap(), "nosniff");
}

#[actix_web::test]
async fn a_request_names_one_host() {
    let server = start(&Connections::new(ClientPatience::default()));
    let client = &mut connect(&server, &Builder::new()).await;
    let cases: [(&str, &[&str], u16); 7] = [
        ("http://localhost/", &[], 200),
        ("http://localhost/", &["LOCALHOST"], 200),
        ("http://localhost/", &["elsewhere"], 400),
        ("http://localhost/", &["localhost", "localhost"], 400),
        ("http://me@localhost/", &[], 400),
        ("/", &["localhost"], 200),
        ("/", &[], 400),
    ];
    for (address, hosts, status) in cases {
        let request = hosts.iter().fold(Request::get(address), |it, host| it.header("host", *host));
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), status, "{address} {hosts:?}");
    }
}

#[actix_web::test]
async fn a_body_of_another_length_than_told_is_refused() {
    let server = start(&Connections::new(ClientPatience::default()));
    let client = &mut connect(&server, &Builder::new()).await;
    for lengths in [&["4"][..], &["6"], &["5", "6"]] {
        let request = Request::post("http://localhost/");
        let request = lengths.iter().fold(request, |it, told| it.header("content-length", *told));
        let (answer, mut sender) = client.send_request(request.body(()).unwrap(), false).unwrap();
        sender.send_data(Bytes::from_static(b"hello"), true).unwrap();
        let reset = answer.await.unwrap_err();
        assert_eq!(reset.reason(), Some(Reason::PROTOCOL_ERROR), "{lengths:?}");
    }
}

#[actix_web::test]
async fn a_server_that_stops_answers_what_is_in_progress() {
    let gate: &'static Semaphore = Box::leak(Box::new(Semaphore::new(0)));
    let waits = move || async move { gate.acquire().await.map(|_| "hello").unwrap_or_default() };
    let app = move || App::new().route("/slow", web::get().to(waits));
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let client = &mut connect(&server, &Builder::new()).await;
    ask(client, (Method::GET, "/"), Bytes::new()).await;
    let request = Request::get("http://localhost/slow").body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let mut stopped = pin!(server.stop());
    assert!(stopped.as_mut().now_or_never().is_none());
    gate.add_permits(1);
    assert_eq!(answer.await.unwrap().status(), 200);
    stopped.await;
    assert!(client.clone().ready().await.is_err(), "the connection is gone");
}

#[actix_web::test]
async fn an_idle_client_is_told_that_its_connection_ends() {
    let patience = ClientPatience { next_head: Duration::ZERO, ..ClientPatience::default() };
    let connections = Connections::new(patience);
    let server = start(&connections);
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut client, connection) = Builder::new().handshake::<_, Bytes>(stream).await.unwrap();
    let ended = rt::spawn(connection);
    ask(&mut client, (Method::GET, "/"), Bytes::new()).await;
    rt::spawn(connections.close_overdue(|_| ()));
    // By GOAWAY without an error; else it would be cut off.
    ended.await.unwrap().unwrap();
    assert!(client.ready().await.is_err());
}

#[actix_web::test]
async fn an_answer_without_room_ends_alone() {
    let (next_head, grace) = (Duration::from_secs(60), Duration::from_millis(300));
    let patience = ClientPatience { next_head, grace, bytes_per_second: u32::MAX };
    let connections = Connections::new(patience);
    let server = start(&connections);
    let (tell, mut told) = mpsc::unbounded_channel();
    rt::spawn(connections.close_overdue(move |number| {
        let _ = tell.send(number);
    }));
    let client = &mut connect(&server, Builder::new().initial_window_size(0)).await;
    let request = Request::get("http://localhost/").body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(told.recv().await, Some(1));
    assert_eq!(body.data().await.unwrap().unwrap_err().reason(), Some(Reason::CANCEL));
    let (head, _) = ask(client, (Method::HEAD, "/"), Bytes::new()).await;
    assert_eq!(head.status(), 200, "the connection is others' too");
}
