//! Patient data, planted wherever a text can stand, is nowhere afterwards.

use serde_json::{Value, json};
use tests::{Client, Database, PROJECT, Service, bodies, both};

both!(nothing_planted_comes_to_rest, strict_projects_keep_no_text, one_person_is_one_pseudonym);

/// A sentence of each class, and the part of it that must be gone.
const PLANTED: [(&str, &str); 15] = [
    ("Write to margaret.oyelaran@clinic.example about it.", "margaret.oyelaran@clinic"),
    ("SSN: 536-90-4399", "536-90-4399"),
    ("Call her on (415) 555-0132.", "555-0132"),
    ("Fax: 415-555-0199", "555-0199"),
    ("MRN: 84120937", "84120937"),
    ("Date of birth: 03/14/1961", "03/14/1961"),
    ("Admitted on March 14, 2025 at noon.", "March 14"),
    ("She lives in Springfield, IL 62704.", "IL 62704"),
    ("See https://portal.clinic.example/patients/x81?tab=labs", "portal.clinic.example"),
    ("Last login from 203.0.113.77", "203.0.113.77"),
    ("Health plan member ID: XQH448812903", "XQH448812903"),
    ("Account number: 5500123498", "5500123498"),
    ("Driver's license number: D1234567", "D1234567"),
    ("VIN: 1HGCM82633A004352", "1HGCM82633A004352"),
    ("Device serial number: SN-48213-A99", "SN-48213-A99"),
];

/// An event with `text` in every place that takes text.
fn planted(n: usize, text: &str) -> Value {
    let label: String = text.chars().take(120).collect();
    json!({
        "event_id": format!("{n} {label}"), "run_id": label, "stage": label, "operation": "chat",
        "provider": label, "model": label, "response_model": label, "agent": label, "tool": label,
        "conversation_id": label, "user_ref": label, "status": "error", "error_type": label,
        "input": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        "output": text, "tags": [label],
        "attributes": {"note": text, "nested": {"list": [text, {"deeper": text}]}, label.clone(): true}
    })
}

fn send(client: &Client) {
    for (n, (text, _)) in PLANTED.iter().enumerate() {
        client.ingest(&planted(n, text)).expect(200);
        // What is rejected is no excuse either.
        client.ingest(&bodies::with(planted(n, text), json!({"latency_ms": -1}))).problem(422);
        let attribute = |key: &str| json!({"key": key, "value": {"stringValue": text}});
        let span = json!({
            "traceId": format!("{:032x}", n + 1), "spanId": format!("{:016x}", n + 1), "name": text,
            "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000000500000000",
            "status": {"code": 2, "message": text},
            "attributes": [attribute("gen_ai.operation.name"), attribute("gen_ai.request.model"),
                attribute("gen_ai.input.messages"), attribute("note"), attribute("langfuse.session.id")],
            "events": [{"name": "exception", "attributes": [attribute("exception.message"), attribute("exception.stacktrace")]}]
        });
        let resource = json!({"attributes": [attribute("service.name")]});
        client.post("/v1/traces", &json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]})).expect(200);
    }
}

fn assert_clean(service: &Service) {
    let mut places = service.database().at_rest();
    places.push(("/metrics".to_owned(), service.nobody().get("/metrics").body));
    for path in [
        "/invocations?limit=500",
        "/invocations/export?format=csv",
        "/runs",
        "/costs?group_by=model",
    ] {
        places.push((path.to_owned(), service.key().get(&format!("{PROJECT}{path}")).body));
    }
    let mut found = Vec::new();
    for (place, bytes) in &places {
        for (text, secret) in PLANTED {
            if bytes.windows(secret.len()).any(|at| at == secret.as_bytes()) {
                found.push(format!("{secret} of {text:?} in {place}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn nothing_planted_comes_to_rest(database: Database) {
    let mut service = Service::builder(database).env("RUST_LOG", "debug").start();
    let redacted = json!({"settings": {"content_policy": "redacted"}});
    service.key().json("PATCH", PROJECT, &redacted).expect(200);
    send(&service.key());
    assert_clean(&service);
    let records = service.key().all(&format!("{PROJECT}/invocations?limit=500"));
    assert_eq!(records.len(), 2 * PLANTED.len());
    for record in &records {
        assert_eq!(record["phi_scan"]["action"], "redacted", "{record}");
    }
    service.stop();
    service.restart();
    assert_clean(&service);
}

fn strict_projects_keep_no_text(database: Database) {
    let service = Service::start(database);
    let strict = json!({"settings": {"content_policy": "redacted", "governance_mode": "strict"}});
    service.key().json("PATCH", PROJECT, &strict).expect(200);
    send(&service.key());
    assert_clean(&service);
    for record in service.key().all(&format!("{PROJECT}/invocations?limit=500")) {
        assert_eq!(record["phi_scan"]["action"], "dropped", "{record}");
        assert_eq!(record["governance_mode"], "strict");
        for field in ["input", "output", "tags", "attributes"] {
            assert!(record[field].is_null(), "{field} of {record}");
        }
    }
    service.key().ingest(&bodies::event("clean")).expect(200);
    let clean =
        service.key().get(&format!("{PROJECT}/invocations/clean")).expect(200)["record"].clone();
    assert_eq!(
        clean["input"],
        bodies::event("clean")["input"],
        "clean text is kept as the policy says"
    );
}

fn one_person_is_one_pseudonym(database: Database) {
    let service = Service::start(database);
    let redacted = json!({"settings": {"content_policy": "redacted"}});
    service.key().json("PATCH", PROJECT, &redacted).expect(200);
    let text = |id: &str, run: &str| {
        let changes =
            json!({"run_id": run, "input": "Write to margaret.oyelaran@clinic.example today."});
        service.key().ingest(&bodies::with(bodies::event(id), changes)).expect(200);
        let found = service.key().get(&format!("{PROJECT}/invocations/{id}")).expect(200);
        found["record"]["input"].as_str().unwrap().to_owned()
    };
    let (first, second, other) = (text("a", "r1"), text("b", "r1"), text("c", "r2"));
    assert!(first.contains("[EMAIL_"), "{first}");
    assert_eq!(first, second);
    assert_ne!(first, other, "and another in another run");
}
