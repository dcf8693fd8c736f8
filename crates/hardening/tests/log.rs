//! What the log has of a request. Alone in its process: `tracing` remembers for all threads whether
//! anybody listens, and other tests have nobody who does.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a test is to stop it")]

use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{App, web};
use hardening::{panics, request_id};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// Where a test's log lines go.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn falls() -> String {
    panic!("told to the log")
}

#[actix_web::test]
async fn what_is_logged_inside_has_the_id_and_a_panic_its_message() {
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let service = init_service(
        App::new()
            .wrap(from_fn(panics))
            .wrap(request_id(|| "made".to_owned()))
            .route("/", web::get().to(falls)),
    )
    .await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = TestRequest::get().insert_header(("traceparent", parent)).to_request();
    let error = try_call_service(&service, request).await.err().unwrap();
    assert_eq!(error.error_response().status().as_u16(), 500);
    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    let span = "request{request_id=made trace_id=4bf92f3577b34da6a3ce929d0e0e4736}";
    assert!(log.contains(span) && log.contains(r#"panic="told to the log""#), "{log}");
}
