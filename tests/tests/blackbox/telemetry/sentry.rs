//! Errors at a receiver that speaks Sentry's protocol.

use super::{CANARY, damage, dsn, events, failed};
use serde_json::Value;
use tests::{Database, KEY, Link, PROJECT, Receiver, Service, bodies, both, eventually};

both!(an_error_is_reported_once, a_frozen_sentry_is_nobodys_trouble);

fn about(receiver: &Receiver, request_id: &str) -> Vec<Value> {
    let all = events(&receiver.posted()).into_iter();
    all.filter(|event| event["tags"]["request_id"] == request_id).collect()
}

fn an_error_is_reported_once(database: Database) {
    let receiver = Receiver::start();
    let service = Service::builder(database).env("SENTRY_DSN", &dsn(&receiver));
    let mut service = service
        .env("RESEARCHFLOW_NODE", "node-1")
        .env("RUST_LOG", "off,researchflow=info,actix_server=info")
        .start();
    service.key().get(&format!("{PROJECT}/invocations/absent")).problem(404);
    damage(&service);
    let id = failed(&service.key());
    let event = eventually("it is reported", || about(&receiver, &id).first().cloned());
    let route = "GET /api/v1/projects/{project}/invocations/{event}";
    assert_eq!(event["message"], format!("{route} answered 500"));
    assert_eq!(event["transaction"], route);
    assert_eq!(event["release"], concat!("researchflow@", env!("CARGO_PKG_VERSION")));
    assert_eq!(event["environment"], "development");
    assert_eq!(event["server_name"], "node-1");
    assert_eq!(event["tags"]["status"], "500");
    // An event without a level is an error.
    for absent in ["level", "user", "request", "breadcrumbs", "exception"] {
        let none = event[absent].is_null() || event[absent]["values"] == Value::Array(Vec::new());
        assert!(none, "{absent} in {event}");
    }
    // What clients do wrong is nobody's error; what is left is sent before the end.
    assert!(service.stop().success());
    assert_eq!(about(&receiver, &id).len(), 1);
    let all = events(&receiver.posted());
    assert!(all.iter().all(|event| event["tags"]["status"] == "500"), "{all:?}");
    for posted in receiver.posted() {
        assert_eq!(posted.target, "/api/7/envelope/");
        let text = String::from_utf8_lossy(&posted.body).into_owned() + &posted.head;
        assert!(!text.contains(CANARY) && !text.contains(KEY), "{text}");
    }
}

fn a_frozen_sentry_is_nobodys_trouble(database: Database) {
    let receiver = Receiver::start();
    let link = Link::to(receiver.address());
    let dsn = format!("http://public-key@{}/7", link.address());
    let mut service = Service::builder(database).env("SENTRY_DSN", &dsn).start();
    link.freeze();
    damage(&service);
    failed(&service.key());
    for n in 0..200 {
        service.key().ingest(&bodies::event(&n.to_string())).problem(500);
    }
    assert!(service.stop().success());
    assert!(receiver.posted().is_empty());
}
