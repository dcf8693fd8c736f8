//! HTTP/1.1: heads that must not be taken for what they are not.

use crate::clients::exchange;
use crate::support::serve;
use actix_web::{App, web};
use hardening::serve::{ClientPatience, Connections};
use tokio::net::TcpStream;

#[actix_web::test]
async fn a_head_that_breaks_the_rules_is_refused() {
    let app = || {
        App::new()
            .route("/", web::get().to(|| async { "well" }))
            .route("/", web::post().to(|body: web::Bytes| async { body }))
    };
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
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
        (&format!("{chunked} Chunked\r\n\r\n4\r\nwell\r\n0"), 200),
        (&format!("{chunked} gzip, chunked\r\n\r\n4\r\nwell\r\n0"), 400),
        (&format!("{chunked} gzip\r\ntransfer-encoding: chunked\r\n\r\n4\r\nwell\r\n0"), 400),
        (&format!("{chunked} chunked, gzip\r\n\r\n4\r\nwell\r\n0"), 400),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
    ];
    for (request, status) in cases {
        // Where it refuses, the server closes the connection by itself.
        let close = if status == 200 { "\r\nconnection: close\r\n" } else { "\r\n" };
        let request = request.replacen("\r\n", close, 1);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let answer = exchange(&mut stream, &format!("{request}\r\n\r\n")).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(&*status.to_string()), "{request}: {answer}");
    }
}
