//! HTTP/2: what passes, and what one connection may ask for.

use crate::clients::h2;
use crate::support::{Running, chunks, serve};
use actix_web::web::Bytes;
use actix_web::{App, HttpRequest, HttpResponse, rt, web};
use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use h2::client::{Builder, SendRequest};
use h2::{Reason, RecvStream};
use hardening::serve::{ClientPatience, Connections};
use http::{Method, Request, Response, Uri};
use std::future::ready;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};

const LARGE: usize = 3 << 20;
/// How long is waited for what must come.
const TOO_LONG: Duration = Duration::from_secs(30);

fn start(connections: &Connections) -> Running {
    let large = Bytes::from(vec![b'x'; LARGE]);
    let app = move || {
        let large = large.clone();
        App::new()
            .app_data(web::PayloadConfig::new(LARGE))
            .route("/", web::get().to(|| async { "hello" }))
            .route("/", web::head().to(|| async { "hello" }))
            .route("/", web::post().to(|body: Bytes| async move { body }))
            .route("/", web::delete().to(HttpResponse::NoContent))
            .route("/chunks", web::get().to(chunks))
            .route("/large", web::get().to(move || ready(large.clone())))
    };
    serve(app, None, connections)
}

/// A server that lets an answer wait shortly, and how many streams and connections it ends at a time.
fn start_impatient(bytes_per_second: u32) -> (Running, mpsc::UnboundedReceiver<usize>) {
    let (next_head, grace) = (Duration::from_secs(60), Duration::from_millis(300));
    let connections = Connections::new(ClientPatience { next_head, grace, bytes_per_second });
    let server = start(&connections);
    let (tell, told) = mpsc::unbounded_channel();
    rt::spawn(connections.close_overdue(move |number| {
        let _ = tell.send(number);
    }));
    (server, told)
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
    let cases: [(&str, &[&str], u16); 9] = [
        ("http://localhost/", &[], 200),
        ("http://localhost/", &["LOCALHOST"], 200),
        ("http://localhost/", &["elsewhere"], 400),
        ("http://localhost/", &["localhost", "localhost"], 400),
        ("http://me@localhost/", &[], 400),
        ("http://localhost/", &[""], 400),
        ("/", &["localhost"], 200),
        ("/", &[], 400),
        ("/", &[""], 400),
    ];
    for (address, hosts, status) in cases {
        let request = hosts.iter().fold(Request::get(address), |it, host| it.header("host", *host));
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), status, "{address} {hosts:?}");
    }
}

/// RFC 9113, section 8.3.1.
#[actix_web::test]
async fn a_request_may_be_for_the_server_itself() {
    let path = |request: HttpRequest| async move { request.path().to_owned() };
    let app = move || App::new().default_service(web::to(path));
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let client = &mut connect(&server, &Builder::new()).await;
    let cases: [(Option<&str>, &[&str], u16); 5] = [
        (Some("localhost"), &[], 200),
        (Some("localhost"), &["localhost"], 200),
        (Some("localhost:80"), &["localhost:80"], 200),
        (Some("localhost"), &["localhost*"], 400),
        (None, &["localhost"], 200),
    ];
    for (authority, hosts, status) in cases {
        let address = Uri::builder().path_and_query("*");
        let address = match authority {
            Some(authority) => address.scheme("http").authority(authority),
            None => address,
        };
        let request = Request::options(address.build().unwrap());
        let request = hosts.iter().fold(request, |it, host| it.header("host", *host));
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), status, "{authority:?} {hosts:?}");
        if status == 200 {
            assert_eq!(answer.into_body().data().await.unwrap().unwrap(), "*", "{authority:?}");
        }
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
    let (server, mut told) = start_impatient(u32::MAX);
    let client = &mut connect(&server, Builder::new().initial_window_size(0)).await;
    let request = Request::get("http://localhost/").body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(told.recv().await, Some(1));
    assert_eq!(body.data().await.unwrap().unwrap_err().reason(), Some(Reason::CANCEL));
    let (head, _) = ask(client, (Method::HEAD, "/"), Bytes::new()).await;
    assert_eq!(head.status(), 200, "the connection is others' too");
}

/// A piece that was credited before it was taken would be worth hours here.
#[actix_web::test]
async fn what_was_only_offered_gives_no_time() {
    let (server, mut told) = start_impatient(1);
    let takes = &mut connect(&server, &Builder::new()).await;
    let mut taken = large(takes).await;
    let mut bytes = 0;
    while bytes < 65_535 {
        bytes += taken.data().await.unwrap().unwrap().len();
    }
    for window in [0, 1] {
        let client = &mut connect(&server, Builder::new().initial_window_size(window)).await;
        let mut body = large(client).await;
        assert_eq!(timeout(TOO_LONG, told.recv()).await, Ok(Some(1)), "window {window}");
        let reset = loop {
            if let Err(reset) = body.data().await.unwrap() {
                break reset;
            }
        };
        assert_eq!(reset.reason(), Some(Reason::CANCEL));
    }
    taken.flow_control().release_capacity(bytes).unwrap();
    while let Some(chunk) = taken.data().await {
        let chunk = chunk.expect("what was taken gives time");
        taken.flow_control().release_capacity(chunk.len()).unwrap();
        bytes += chunk.len();
    }
    assert_eq!(bytes, LARGE);
}

/// The body of a large answer.
async fn large(client: &mut SendRequest<Bytes>) -> RecvStream {
    let request = Request::get("http://localhost/large").body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    answer.await.unwrap().into_body()
}

#[actix_web::test]
async fn a_connection_on_which_nobody_reads_ends() {
    let nobody_reads = |window| async move {
        let (server, mut told) = start_impatient(u32::MAX);
        let client = connect(&server, Builder::new().initial_window_size(window)).await;
        timeout(TOO_LONG, ask_in_vain(&client, usize::MAX)).await.expect("an end");
        let mut ended = 0;
        while let Ok(number) = told.try_recv() {
            ended += number;
        }
        assert!(ended > 128, "only {ended} with a window of {window}");
    };
    join(nobody_reads(0), nobody_reads(1)).await;
}

#[actix_web::test]
async fn a_connection_on_which_somebody_reads_lives_on() {
    let (server, mut told) = start_impatient(u32::MAX);
    let client =
        &mut connect(&server, Builder::new().initial_connection_window_size(64 << 20)).await;
    timeout(TOO_LONG, ask_in_vain(client, 2)).await.expect("an end");
    let mut reset = 0;
    while reset < 240 {
        reset += timeout(TOO_LONG, told.recv()).await.expect("more resets").unwrap();
    }
    assert_eq!(reset, 240);
    assert_eq!(ask(client, (Method::GET, "/"), Bytes::new()).await.1, b"hello");
}

/// Asks for 120 large answers at a time, so many times or until the connection ends, and takes of each
/// what there is room for at first.
async fn ask_in_vain(client: &SendRequest<Bytes>, times: usize) {
    let asks = || async move {
        for _ in 0..times {
            let Ok(mut client) = client.clone().ready().await else { return };
            let request = Request::get("http://localhost/large").body(()).unwrap();
            let Ok((answer, _)) = client.send_request(request, true) else { return };
            let Ok(answer) = answer.await else { continue };
            let mut body = answer.into_body();
            while let Some(Ok(_)) = body.data().await {}
        }
    };
    join_all((0..120).map(|_| asks())).await;
}
