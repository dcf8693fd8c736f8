//! HTTP/1.1: what passes, what is refused, and how a connection ends.

use crate::clients::{exchange, read_to_end};
use crate::support::{Running, chunks, serve};
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, rt, web};
use futures_util::{FutureExt, StreamExt, stream};
use hardening::serve::{ClientPatience, Connections};
use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

const LARGE: usize = 3 << 20;
const LAST: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

fn start() -> Running {
    let app = move || {
        App::new()
            .app_data(web::PayloadConfig::new(LARGE))
            .route("/", web::get().to(|| async { "well" }))
            .route("/", web::head().to(|| async { "well" }))
            .route("/", web::post().to(|body: Bytes| async { body }))
            .route("/", web::put().to(HttpResponse::Unauthorized))
            .route("/", web::delete().to(HttpResponse::NoContent))
            .route("/chunks", web::get().to(chunks))
    };
    serve(app, None, &Connections::new(ClientPatience::default()))
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// All that comes back for `requests`.
async fn answers(server: &Running, requests: &str) -> String {
    exchange(&mut connect(server.address).await, requests).await.unwrap()
}

#[actix_web::test]
async fn requests_are_answered_in_their_order() {
    let server = start();
    let post = "POST / HTTP/1.1\r\nhost: x\r\n";
    let requests = [
        &format!("{post}content-length: 3\r\n\r\none"),
        "HEAD / HTTP/1.1\r\nhost: x\r\n\r\n",
        &format!(
            "{post}transfer-encoding: chunked\r\n\r\n1;a=b\r\nt\r\n2\r\nwo\r\n0\r\na: b\r\n\r\n"
        ),
        "DELETE / HTTP/1.1\r\nhost: x\r\n\r\n",
        "\r\nGET /chunks HTTP/1.1\r\nhost: x\r\n\r\n",
        &format!("{post}content-length: 0\r\n\r\n"),
        LAST,
    ];
    let expected = [
        ("200 OK", "content-length: 3", "one"),
        ("200 OK", "content-length: 4", ""),
        ("200 OK", "content-length: 3", "two"),
        ("204 No Content", "", ""),
        (
            "200 OK",
            "transfer-encoding: chunked",
            "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n",
        ),
        ("200 OK", "content-length: 0", ""),
        ("200 OK", "content-length: 4\r\nconnection: close", "well"),
    ];
    let answers = answers(&server, &requests.concat()).await;
    let mut rest = &*answers;
    for (status, field, body) in expected {
        rest = rest.strip_prefix(&format!("HTTP/1.1 {status}\r\n")).expect(rest);
        let (head, after) = rest.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(field) && head.contains("date: "), "{field} in {head}");
        assert!(field.contains("close") || !head.contains("connection"), "{head}");
        rest = after.strip_prefix(body).expect(after);
    }
    assert_eq!(rest, "");
}

#[actix_web::test]
async fn a_large_body_passes_whole_both_ways() {
    let server = start();
    let body = "0123456789abcdef".repeat(LARGE / 16);
    let (mut read, mut write) = connect(server.address).await.into_split();
    let head =
        format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {LARGE}");
    let request = format!("{head}\r\n\r\n{body}");
    let send = async { write.write_all(request.as_bytes()).await.unwrap() };
    let ((), answer) = tokio::join!(send, read_to_end(&mut read));
    assert!(answer.unwrap().ends_with(&format!("\r\n\r\n{body}")));
}

/// What a task of its own reads comes back meanwhile.
#[actix_web::test]
async fn an_answer_may_be_sent_while_the_body_comes() {
    let echo = |mut body: web::Payload| async {
        let (tell, told) = mpsc::channel::<Result<Bytes, Infallible>>(1);
        rt::spawn(async move {
            while let Some(chunk) = body.next().await {
                tell.send(Ok(chunk.unwrap())).await.unwrap();
            }
        });
        let told = stream::unfold(told, |mut told| async { Some((told.recv().await?, told)) });
        HttpResponse::Ok().streaming(told)
    };
    let app = move || App::new().route("/", web::post().to(echo));
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let (mut read, mut write) = connect(server.address).await.into_split();
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {LARGE}\r\n\r\n");
    let request = head + &"x".repeat(LARGE);
    let send = async { write.write_all(request.as_bytes()).await.unwrap() };
    let ((), answer) = tokio::join!(send, read_to_end(&mut read));
    let answer = answer.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(body.ends_with("0\r\n\r\n") && body.matches('x').count() == LARGE);
}

#[actix_web::test]
async fn a_body_that_waits_to_be_wanted_is_asked_for_once() {
    let server = start();
    let mut stream = connect(server.address).await;
    let head = "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"we").await.unwrap();
    let answer = exchange(&mut stream, &format!("ll{LAST}")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    // Nobody wants this one.
    let refused = answers(&server, &head.replace("POST", "PUT")).await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
}

#[actix_web::test]
async fn older_clients_are_served() {
    let server = start();
    let cases = [
        ("GET /chunks HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK", "\r\n\r\none two three"),
        (
            "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
            "\r\nconnection: keep-alive\r\n",
            "\r\n\r\nwell",
        ),
    ];
    for (requests, field, body) in cases {
        let answers = answers(&server, requests).await;
        assert!(answers.contains(field) && answers.ends_with(body), "{requests}: {answers}");
        assert!(!answers.contains("chunked"), "{requests}: {answers}");
        let wanted = requests.matches("GET").count();
        assert_eq!(answers.matches(" 200 OK").count(), wanted, "{requests}: {answers}");
    }
}

/// As Java's client asks for HTTP/2, and curl.
#[actix_web::test]
async fn who_would_upgrade_is_served_as_if_it_would_not() {
    let server = start();
    let cases = [
        ("GET / HTTP/1.1", "", "well"),
        ("GET /chunks HTTP/1.1", "", "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"),
        ("POST / HTTP/1.1\r\ncontent-length: 3", "one", "one"),
        ("POST / HTTP/1.1\r\ntransfer-encoding: chunked", "3\r\none\r\n0\r\n\r\n", "one"),
        ("POST / HTTP/1.1\r\ncontent-length: 3\r\nexpect: 100-continue", "one", "one"),
        ("PUT / HTTP/1.1\r\ncontent-length: 3", "one", ""),
        ("HEAD / HTTP/1.1", "", ""),
    ];
    for (head, body, expected) in cases {
        for (protocol, connection) in
            [("h2c", "Upgrade, HTTP2-Settings"), ("websocket", "upgrade"), ("websocket", "x")]
        {
            let wish = format!("host: x\r\nupgrade: {protocol}\r\nconnection: {connection}");
            let asked = format!("{head}\r\n{wish}\r\n\r\n{body}");
            let answers = answers(&server, &format!("{asked}{LAST}")).await;
            let (first, last) = answers.rsplit_once("HTTP/1.1 200 OK").unwrap();
            assert!(first.ends_with(&format!("\r\n\r\n{expected}")), "{asked}: {answers}");
            assert!(!first.contains("connection"), "{asked}: {answers}");
            assert!(last.ends_with("well"), "{asked}: {answers}");
        }
    }
    let close = "GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: close\r\n\r\n";
    let old = "GET / HTTP/1.0\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
    for asked in [close, old] {
        assert!(answers(&server, asked).await.ends_with("\r\n\r\nwell"), "{asked}");
    }
}

#[actix_web::test]
async fn a_head_that_breaks_the_rules_is_refused() {
    let server = start();
    let chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding:";
    let cases = [
        ("GET / HTTP/1.1\r\nhost: x", 200),
        ("GET / HTTP/1.1\r\nhost: [::1]:80", 200),
        ("GET / HTTP/1.1\r\nhost:", 200),
        ("GET / HTTP/1.0", 200),
        ("GET / HTTP/1.1", 400),
        ("GET / HTTP/1.1\r\nhost: x\r\nhost: x", 400),
        ("GET / HTTP/1.1\r\nhost: a b", 400),
        ("GET / HTTP/1.1\r\nhost: a/b", 400),
        ("GET / HTTP/1.1\r\nhost: a:", 200),
        ("GET / HTTP/1.1\r\nhost: a:b", 400),
        ("GET / HTTP/1.1\r\nhost: a:+1", 400),
        ("GET / HTTP/1.1\r\nhost: a:99999999", 400),
        ("GET / HTTP/1.1\r\nhost: a@b", 400),
        ("GET / HTTP/1.1\r\nhost: a:b@c:80", 400),
        ("GET http://a@b/ HTTP/1.1\r\nhost: b", 400),
        ("GET / HTTP/1.1\r\nhost : x", 400),
        ("GET / HTTP/1.1\r\nhost: x\r\n folded: x", 400),
        ("GET  / HTTP/1.1\r\nhost: x", 400),
        ("GET / HTTP/2.0\r\nhost: x", 400),
        ("\u{16}\u{3}\u{1}", 400),
        (&format!("{chunked} Chunked\r\n\r\n4\r\nwell\r\n0"), 200),
        (&format!("{chunked} chunked\r\n\r\nx\r\nwell\r\n0"), 400),
        (&format!("{chunked} chunked\r\n\r\n4\r\nwell0\r\n\r\n0"), 400),
        (&format!("{chunked} chunked\r\n\r\n4 \r\nwell\r\n0"), 400),
        (&format!("{chunked} chunked\r\n\r\n4\r\nwell\r\n0\r\na: b\n"), 400),
        (&format!("{chunked} gzip, chunked\r\n\r\n4\r\nwell\r\n0"), 400),
        (&format!("{chunked} gzip\r\ntransfer-encoding: chunked\r\n\r\n4\r\nwell\r\n0"), 400),
        (&format!("{chunked} chunked, gzip\r\n\r\n4\r\nwell\r\n0"), 400),
        (&format!("{chunked} chunked\r\ncontent-length: 4\r\n\r\n4\r\nwell\r\n0"), 400),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", 400),
        (&format!("GET /{} HTTP/1.1\r\nhost: x", "x".repeat(70 << 10)), 414),
        (&format!("GET / HTTP/1.1\r\nhost: x\r\nlong: {}", "x".repeat(70 << 10)), 431),
        (&format!("GET / HTTP/1.1\r\nhost: x{}", "\r\na: b".repeat(100)), 431),
    ];
    for (request, status) in cases {
        // Where it refuses, the server closes the connection by itself.
        let close = if status == 200 { "\r\nconnection: close\r\n" } else { "\r\n" };
        let request = request.replacen("\r\n", close, 1);
        let answer = answers(&server, &format!("{request}\r\n\r\n")).await;
        assert_eq!(answer.split(' ').nth(1), Some(&*status.to_string()), "{request}: {answer}");
        let last = answer.starts_with("HTTP/1.0") || answer.contains("\r\nconnection: close\r\n");
        assert!(last, "{request}: {answer}");
    }
}

#[actix_web::test]
async fn what_is_no_request_is_told_so() {
    let server = start();
    let answer = answers(&server, "GET / HTTP/1.1\r\n\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    for field in ["content-type: application/problem+json", "x-request-id: an-id", "nosniff"] {
        assert!(head.contains(field), "{head}");
    }
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&problem["status"], &problem["instance"]), (&400.into(), &"an-id".into()));
    // Its own id, if that much could be read.
    let bad_host = "GET / HTTP/1.1\r\nhost: a@b\r\nx-request-id: mine\r\n\r\n";
    let answer = answers(&server, bad_host).await;
    assert!(answer.contains("x-request-id: mine\r\n"), "{answer}");
}

/// Closed at once, the connection would be reset, and the answer lost with it.
#[actix_web::test]
async fn who_sends_all_before_it_reads_has_the_answer() {
    let server = start();
    let mut stream = connect(server.address).await;
    let length = 64 << 20;
    let head = format!("PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; length]).await.unwrap();
    let answer = read_to_end(&mut stream).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("connection: close"), "{answer}");
}

#[actix_web::test]
async fn who_sends_no_more_has_the_answer() {
    let server = start();
    let mut stream = connect(server.address).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HT").await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(read_to_end(&mut stream).await.unwrap().ends_with("\r\n\r\nwell"));
}

/// Tells when it is dropped.
struct Told(mpsc::UnboundedSender<&'static str>);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[actix_web::test]
async fn nobody_works_for_a_client_that_is_gone() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let app = move || {
        let tell = tell.clone();
        let wait = move || {
            let told = Told(tell.clone());
            async move {
                told.0.send("began").unwrap();
                pending::<HttpResponse>().await
            }
        };
        App::new().route("/", web::get().to(wait))
    };
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let mut stream = connect(server.address).await;
    stream.write_all(LAST.as_bytes()).await.unwrap();
    assert_eq!(told.recv().await, Some("began"));
    // So that it is a reset, which says that the answer is not waited for.
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert_eq!(told.recv().await, Some("dropped"));
}

#[actix_web::test]
async fn a_server_that_is_about_to_stop_says_so() {
    let connections = Connections::new(ClientPatience::default());
    let app = || App::new().route("/", web::get().to(|| async { "well" }));
    let server = serve(app, None, &connections);
    let get = LAST.replace("close", "keep-alive");
    let (mut idle, mut asking) = (connect(server.address).await, connect(server.address).await);
    for stream in [&mut idle, &mut asking] {
        stream.write_all(get.as_bytes()).await.unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
    }
    connections.bid_farewell();
    let answer = exchange(&mut asking, &get).await.unwrap();
    assert!(answer.contains("connection: close") && answer.ends_with("well"), "{answer}");
    let mut late = connect(server.address).await;
    late.write_all(b"GET / HT").await.unwrap();
    sleep(Duration::from_millis(10)).await;
    let mut stopped = pin!(server.stop());
    assert!(stopped.as_mut().now_or_never().is_none());
    assert_eq!(read_to_end(&mut idle).await.unwrap(), "", "it is closed");
    let answer = exchange(&mut late, "TP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(answer.contains("connection: close") && answer.ends_with("well"), "{answer}");
    stopped.await;
}

#[actix_web::test]
async fn a_server_that_stops_answers_what_is_in_progress() {
    let gate: &'static Semaphore = Box::leak(Box::new(Semaphore::new(0)));
    let (enter, mut entered) = mpsc::unbounded_channel();
    let app = move || {
        let enter = enter.clone();
        let wait = move || {
            let enter = enter.clone();
            async move {
                enter.send(()).unwrap();
                gate.acquire().await.map(|_| "well").unwrap_or_default()
            }
        };
        App::new()
            .route("/", web::get().to(|| async { "well" }))
            .route("/slow", web::get().to(wait))
    };
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let mut idle = connect(server.address).await;
    idle.write_all(LAST.replace("close", "keep-alive").as_bytes()).await.unwrap();
    assert_ne!(idle.read(&mut [0; 1024]).await.unwrap(), 0);
    let mut busy = connect(server.address).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    entered.recv().await.unwrap();
    let mut stopped = pin!(server.stop());
    assert!(stopped.as_mut().now_or_never().is_none());
    assert_eq!(read_to_end(&mut idle).await.unwrap(), "", "it is closed");
    gate.add_permits(1);
    let answer = read_to_end(&mut busy).await.unwrap();
    assert!(answer.contains("connection: close") && answer.ends_with("well"), "{answer}");
    stopped.await;
}
