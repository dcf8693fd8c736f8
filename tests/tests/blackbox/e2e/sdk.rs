//! Real SDKs and exporters, unchanged, pointed at the service: every call is on record, with its
//! tokens and its cost, and no patient data is.

use super::programs::{file, python, run};
use serde_json::Value;
use std::process::Command;
use tests::{Client, Database, KEY, PROJECT, Service, both};

both!(opentelemetry, openinference, traceloop, langfuse);

fn opentelemetry(database: Database) {
    emits("emit_opentelemetry.py", database);
}

fn openinference(database: Database) {
    emits("emit_openinference.py", database);
}

fn traceloop(database: Database) {
    emits("emit_traceloop.py", database);
}

fn langfuse(database: Database) {
    emits("emit_langfuse.py", database);
}

fn emits(script: &str, database: Database) {
    let service = Service::start(database);
    let mut emitter = Command::new(python("python/requirements.txt").join("python"));
    emitter
        .arg(file("python").join(script))
        .args(["--url", &service.base(), "--key", KEY])
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = run(&mut emitter);
    let text = String::from_utf8(output.stdout).unwrap();
    // SDKs print too; the expectations come last.
    let expected: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();

    let spans = expected["spans"].as_array().unwrap();
    assert!(!spans.is_empty());
    for span in spans {
        check(&service.key(), span);
    }
    let known: Vec<&Value> = spans
        .iter()
        .map(|span| &span["event_id"])
        .chain(expected["nested"].as_array().unwrap())
        .collect();
    for item in service.key().all(&format!("{PROJECT}/invocations?limit=500")) {
        assert!(known.contains(&&item["event_id"]), "nobody made this call: {item}");
    }
    for skipped in expected["skipped"].as_array().unwrap() {
        service
            .key()
            .get(&format!("{PROJECT}/invocations/{}", skipped.as_str().unwrap()))
            .problem(404);
    }
    for (place, bytes) in service.database().at_rest() {
        for secret in expected["secrets"].as_array().unwrap() {
            let secret = secret.as_str().unwrap();
            let there = bytes.windows(secret.len()).any(|at| at == secret.as_bytes());
            assert!(!there, "{secret} is in {place}");
        }
    }
}

/// Models that the price table knows.
const PRICED: [&str; 3] = ["gpt-4o-mini", "claude-sonnet-4-5", "text-embedding-3-small"];

/// The record of one span is as its emitter expects.
fn check(client: &Client, span: &Value) {
    let id = span["event_id"].as_str().unwrap();
    let found = client.get(&format!("{PROJECT}/invocations/{id}")).expect(200);
    let record = &found["record"];
    for (name, value) in span.as_object().unwrap() {
        let recorded =
            if name.ends_with("_tokens") { &record["usage"][name] } else { &record[name] };
        assert_eq!(recorded, value, "{name} of {record}, expected {span}");
    }
    if span["status"] == "ok" && PRICED.iter().any(|model| span["model"] == *model) {
        assert!(record["cost_usd"].is_string(), "no cost: {record}");
    }
}
