//! Clients that hang up while their request is worked on.

use serde_json::json;
use socket2::SockRef;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;
use tests::{ADMIN, Database, KEY, PROJECT, Service, both, eventually};

both!(guesses_are_audited, what_is_kept_for_a_repetition_is_kept, what_is_under_way_ends);

/// Sends a request, waits `until` something is so, and resets the connection.
fn hang_up(service: &Service, request: &str, until: impl FnMut() -> Option<()>) {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    eventually("the request is worked on", until);
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

fn post(path: &str, fields: &str, body: &serde_json::Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         {fields}content-length: {length}\r\n\r\n{body}"
    )
}

fn guesses_are_audited(database: Database) {
    let service = Service::start(database);
    let guess = json!({"email": ADMIN, "password": "a wrong one"});
    for n in 1..=5 {
        let counted = format!("SELECT count(*) FROM sign_in_failures WHERE failures = {n}");
        let is_counted = || (service.database().count(&counted) > 0).then_some(());
        hang_up(&service, &post("/api/v1/sessions", "", &guess), is_counted);
    }
    for action in ["sign_in_refused", "sign_in_blocked"] {
        let sealed = format!("SELECT count(*) FROM audit_events WHERE action = '{action}'");
        eventually(action, || (service.database().count(&sealed) == 1).then_some(()));
        let told = || {
            service
                .log()
                .iter()
                .any(|line| line["record"].as_str().is_some_and(|it| it.contains(action)))
        };
        eventually("the log stream tells", || told().then_some(()));
    }
}

fn what_is_kept_for_a_repetition_is_kept(database: Database) {
    let service = Service::start(database);
    let path = format!("{PROJECT}/keys");
    for n in 0..10 {
        let fields = format!("authorization: Bearer {KEY}\r\nidempotency-key: k-{n}\r\n");
        let key = json!({"name": format!("key-{n}"), "scopes": ["read"]});
        let begun =
            format!("SELECT count(*) FROM idempotency_keys WHERE idempotency_key = 'k-{n}'");
        let has_begun = || (service.database().count(&begun) > 0).then_some(());
        hang_up(&service, &post(&path, &fields, &key), has_begun);
    }
    let open = "SELECT count(*) FROM idempotency_keys WHERE status IS NULL";
    eventually("each answer is kept", || (service.database().count(open) == 0).then_some(()));
    let made = service.key().all(&path);
    for n in 0..10 {
        let name = format!("key-{n}");
        assert_eq!(made.iter().filter(|key| key["name"] == name).count(), 1, "{name}");
    }
}

fn what_is_under_way_ends(database: Database) {
    let service = Service::start(database);
    for _ in 0..100 {
        let request = format!(
            "GET {PROJECT}/runs HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\n\r\n"
        );
        hang_up(&service, &request, || Some(()));
    }
    // The one that asks.
    let is_last = |text: String| text.contains("\nresearchflow_http_requests_in_flight 1\n");
    let metrics = || service.nobody().get("/metrics").text();
    eventually("all are over", || is_last(metrics()).then_some(()));
}
