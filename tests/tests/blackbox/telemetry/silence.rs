//! No patient data and no secret in any log line, report, span or metric, whatever goes wrong.

use super::{CANARY, by_other_method, damage, dsn, failed};
use serde_json::json;
use tests::{
    Client, Database, KEY, PASSWORD, PROJECT, Receiver, Service, bodies, both, eventually,
};

both!(nobody_is_told_of_anybody);

/// Requests with a person and a secret wherever a client can write something.
fn whisper(service: &Service, client: &Client) {
    let text = format!("Write to {CANARY} about it.");
    let event = bodies::with(bodies::event("one"), json!({"input": text, "output": text}));
    client.ingest(&event);
    client.ingest(&bodies::with(event, json!({"latency_ms": text, CANARY: KEY})));
    client.post("/v1/traces", &json!({"resourceSpans": [{"resource": text}]}));
    for path in [
        format!("{PROJECT}/invocations/{CANARY}"),
        format!("{PROJECT}/invocations?model={CANARY}&limit={CANARY}"),
        format!("/{CANARY}?key={KEY}"),
        format!("/api/v1/projects/{CANARY}"),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let fields = [
                ("user-agent", text.as_str()),
                ("referer", &text),
                ("cookie", &text),
                ("x-request-id", &text),
                ("baggage", &text),
                ("tracestate", &text),
                ("x-api-key", KEY),
                ("content-type", "application/json"),
            ];
            client.send(method, &path, &fields, Some(text.as_bytes()));
        }
        by_other_method(service, &path);
    }
    service.nobody().post("/api/v1/sessions", &json!({"email": CANARY, "password": PASSWORD}));
}

fn nobody_is_told_of_anybody(database: Database) {
    let (sentry, collector) = (Receiver::start(), Receiver::start());
    let mut service = Service::builder(database)
        .env("SENTRY_DSN", &dsn(&sentry))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{}", collector.address()))
        .env("RESEARCHFLOW_SLOW_REQUESTS", "api=0,ingest=0")
        .env("RUST_LOG", "debug")
        .start();
    let client = service.key();
    whisper(&service, &client);
    let log = |service: &Service| serde_json::to_vec(&service.log()).unwrap();
    let mut places = vec![("the log".to_owned(), log(&service))];
    // The cause of this is what the test wrote into the database: the log has it, and nobody else.
    damage(&service);
    failed(&client);
    whisper(&service, &client);
    places.push(("metrics".to_owned(), service.nobody().get("/metrics").body));
    eventually("an error is reported", || (!sentry.posted().is_empty()).then_some(()));
    assert!(service.stop().success());
    for (place, receiver) in [("Sentry", &sentry), ("the collector", &collector)] {
        assert!(!receiver.posted().is_empty(), "{place} heard nothing");
        for posted in receiver.posted() {
            places.push((place.to_owned(), posted.body));
            places.push((place.to_owned(), posted.head.into_bytes()));
        }
    }
    let mut found = Vec::new();
    for (place, bytes) in &places {
        for secret in [CANARY, "MARGARET", "margaret", KEY, PASSWORD] {
            if bytes.windows(secret.len()).any(|at| at == secret.as_bytes()) {
                found.push(format!("{secret} in {place}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
