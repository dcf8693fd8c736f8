//! A body that does not come.

use crate::clients::exchange;
use crate::support::serve;
use actix_web::{App, web};
use hardening::serve::{BodyPace, ClientPatience, Connections, pace_body};
use std::time::Duration;
use tokio::net::TcpStream;

#[actix_web::test]
async fn is_answered_408_and_the_connection_closed() {
    let pace = BodyPace { grace: Duration::from_millis(200), bytes_per_second: 500 };
    let app = move || {
        App::new()
            .wrap(pace_body(pace))
            .route("/", web::post().to(|body: web::Bytes| async move { body }))
    };
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let head =
        "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 5\r\n\r\n";

    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let answer = exchange(&mut stream, &format!("{head}whole")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("whole"), "{answer}");

    for head in [head, &head.replace("connection: close\r\n", "")] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let answer = exchange(&mut stream, &format!("{head}hal")).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 408"), "{head}");
        assert!(head.contains("connection: close"), "{head}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["type"], "/problems/request-timeout");
    }
}
