//! More requests than are let in.

use crate::clients::{exchange, get};
use crate::support::{outside, serve};
use actix_web::dev::RequestHead;
use actix_web::{App, rt, web};
use futures_util::StreamExt;
use hardening::serve::{Bounds, ClientPatience, Connections, Overload, overloaded, shed_load};
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

#[actix_web::test]
async fn the_excess_is_refused_at_once_and_probes_are_not() {
    let bounds = Bounds { min: 2, max: 2 };
    let kind_of = |head: &RequestHead| (head.uri.path() != "/health").then_some(());
    let overload = Overload::new(1, [((), bounds)], kind_of);
    let limiter = Arc::clone(&overload.limiters()[0].1);
    let gate = Arc::new(Semaphore::new(0));
    let (enter, mut entered) = mpsc::unbounded_channel();
    let app = {
        let gate = Arc::clone(&gate);
        move || {
            let (gate, enter) = (Arc::clone(&gate), enter.clone());
            let app = App::new().route("/health", web::get().to(|| async { "well" })).route(
                "/",
                web::get().to(move || {
                    let (gate, enter) = (Arc::clone(&gate), enter.clone());
                    async move {
                        enter.send(()).unwrap();
                        gate.acquire().await.unwrap().forget();
                        "done"
                    }
                }),
            );
            shed_load(overload.clone(), overloaded(outside()), app)
        }
    };
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let address = server.address;
    let waiting: Vec<_> = (0..2).map(|_| rt::spawn(get(address, "/"))).collect();
    for _ in &waiting {
        entered.recv().await.unwrap();
    }
    assert_eq!(limiter.in_flight(), 2);

    let answer = get(address, "/").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    for line in [
        "retry-after: 1",
        "content-type: application/problem+json",
        "x-request-id: an-id",
        "content-security-policy: default-src 'none'; frame-ancestors 'none'",
        "cache-control: no-store",
        "vary: origin",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(!head.contains("strict-transport-security"), "not over TLS: {head}");
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["type"], "/problems/unavailable");
    assert_eq!(problem["instance"], "an-id");
    assert!(get(address, "/health").await.starts_with("HTTP/1.1 200"));
    assert_eq!(limiter.refused(), 1);

    gate.add_permits(3);
    for request in waiting {
        assert!(request.await.unwrap().ends_with("done"));
    }
    assert!(get(address, "/").await.ends_with("done"), "there is room again");
    assert_eq!(limiter.in_flight(), 0);
}

#[actix_web::test]
async fn who_sends_slowly_takes_nobody_s_place() {
    let overload = Overload::new(1, [((), Bounds { min: 1, max: 1 })], |_| Some(()));
    let limiter = Arc::clone(&overload.limiters()[0].1);
    let (enter, mut entered) = mpsc::unbounded_channel();
    let app = move || {
        let enter = enter.clone();
        let receive = move |mut body: web::Payload| {
            enter.send(()).unwrap();
            async move {
                while let Some(Ok(_)) = body.next().await {}
                "received"
            }
        };
        let app = App::new()
            .route("/", web::get().to(|| async { "done" }))
            .route("/", web::post().to(receive));
        shed_load(overload.clone(), overloaded(outside()), app)
    };
    let server = serve(app, None, &Connections::new(ClientPatience::default()));
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 4\r\n\r\n";
    slow.write_all(format!("{head}ha").as_bytes()).await.unwrap();
    entered.recv().await.unwrap();
    assert!(get(server.address, "/").await.ends_with("done"));
    assert!(exchange(&mut slow, "lf").await.unwrap().ends_with("received"));
    assert_eq!((limiter.in_flight(), limiter.refused()), (0, 0));
}
