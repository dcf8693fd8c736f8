//! Clients that owe something.

use crate::clients::read_to_end;
use crate::support::{Running, serve};
use actix_web::{App, rt, web};
use hardening::serve::{ClientPatience, Connections};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const LARGE: usize = 64 << 20;

/// A server with little patience, and how many connections it closes at a time.
fn start(gate: Arc<Semaphore>) -> (Running, mpsc::UnboundedReceiver<usize>) {
    let next_head = Duration::from_millis(300);
    let grace = Duration::from_millis(300);
    let patience = ClientPatience { next_head, grace, bytes_per_second: u32::MAX };
    let connections = Connections::new(patience);
    let app = move || {
        let gate = Arc::clone(&gate);
        let wait = move || {
            let gate = Arc::clone(&gate);
            async move { gate.acquire().await.map(|_| "hello").unwrap_or_default() }
        };
        App::new()
            .route("/", web::get().to(wait))
            .route("/large", web::get().to(|| async { vec![b'x'; LARGE] }))
    };
    let server = serve(app, None, &connections);
    let (tell, told) = mpsc::unbounded_channel();
    rt::spawn(connections.close_overdue(move |number| {
        let _ = tell.send(number);
    }));
    (server, told)
}

#[actix_web::test]
async fn a_later_head_that_does_not_end_is_cut_off_and_a_long_handler_is_not() {
    let gate = Arc::new(Semaphore::new(1));
    let (server, mut closed) = start(Arc::clone(&gate));
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = [0; 4096];
    let length = slow.read(&mut answer).await.unwrap();
    assert!(answer[..length].ends_with(b"hello"));

    let busy = gate.acquire().await.unwrap();
    let mut patient = TcpStream::connect(server.address).await.unwrap();
    patient.write_all(GET.as_bytes()).await.unwrap();
    slow.write_all(b"GET / HT").await.unwrap();
    assert_eq!(closed.recv().await, Some(1));
    assert_eq!(read_to_end(&mut slow).await.unwrap_or_default(), "");

    drop(busy);
    let length = patient.read(&mut answer).await.unwrap();
    assert!(answer[..length].ends_with(b"hello"));
}

#[actix_web::test]
async fn an_answer_that_nobody_reads_is_cut_off() {
    let (server, mut closed) = start(Arc::new(Semaphore::new(1)));
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(GET.replace("/ ", "/large ").as_bytes()).await.unwrap();
    assert_eq!(closed.recv().await, Some(1));
    assert!(read_to_end(&mut slow).await.unwrap_or_default().len() < LARGE);
}
