//! Every way in, and the receipts.

use serde_json::{Value, json};
use tests::{Database, PROJECT, Service, bodies, both};

both!(
    one_event,
    a_batch,
    large_batches_at_once,
    lines,
    compressed,
    a_bad_event_leaves_its_neighbours,
    a_bad_event_alone_is_the_answer,
    every_field_comes_back,
    an_event_needs_no_field,
    limits_hold,
    otlp_json
);

fn path() -> String {
    format!("{PROJECT}/invocations")
}

/// The receipts' `(event_id, ledger_index, duplicate)`.
fn receipts(answer: &Value) -> Vec<(String, u64, bool)> {
    let receipt = |it: &Value| {
        let id = it["event_id"].as_str().unwrap().to_owned();
        (id, it["ledger_index"].as_u64().unwrap(), it["duplicate"].as_bool().unwrap())
    };
    answer["receipts"].as_array().unwrap().iter().map(receipt).collect()
}

fn one_event(database: Database) {
    let service = Service::start(database);
    let answer = service.key().ingest(&bodies::event("a")).expect(200);
    assert_eq!(receipts(&answer), [("a".to_owned(), 0, false)]);
    assert_eq!(answer["rejected"], json!([]));
}

fn a_batch(database: Database) {
    let service = Service::start(database);
    let answer = service.key().ingest(&bodies::events("e", 1000)).expect(200);
    let receipts = receipts(&answer);
    assert_eq!(receipts.len(), 1000);
    for (n, receipt) in receipts.iter().enumerate() {
        assert_eq!(*receipt, (format!("e-{n}"), n as u64, false), "in the order of the request");
    }
    let listed = service.key().all(&format!("{}?limit=500", path()));
    assert_eq!(listed.len(), 1000);
    assert_eq!(listed[0]["event_id"], "e-999", "newest first");
}

/// What is committed together may be more than any one request holds.
fn large_batches_at_once(database: Database) {
    let service = Service::start(database);
    std::thread::scope(|scope| {
        for sender in 0..8 {
            let key = service.key();
            scope.spawn(move || {
                key.ingest(&bodies::events(&format!("e{sender}"), 1000)).expect(200);
            });
        }
    });
    assert_eq!(service.database().count("SELECT count(*) FROM invocations"), 8000);
}

fn lines(database: Database) {
    let service = Service::start(database);
    let events = [bodies::event("a"), bodies::event("b")];
    let fields = [("content-type", "application/x-ndjson")];
    let answer = service.key().post_bytes(&path(), &fields, &bodies::ndjson(&events)).expect(200);
    assert_eq!(receipts(&answer).len(), 2);
    let answer = service
        .key()
        .post_bytes(&path(), &fields, b"{\"event_id\":\"c\"}\n{bad\n{\"event_id\":\"d\"}\n\xff\n{}")
        .expect(200);
    let rejected = answer["rejected"].as_array().unwrap();
    let indexes: Vec<&Value> = rejected.iter().map(|it| &it["index"]).collect();
    assert_eq!((receipts(&answer).len(), indexes), (3, vec![&json!(1), &json!(3)]));
}

fn compressed(database: Database) {
    let service = Service::start(database);
    let fields = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let body = bodies::gzip(bodies::events("e", 1000).to_string().as_bytes());
    let answer = service.key().post_bytes(&path(), &fields, &body).expect(200);
    assert_eq!(receipts(&answer).len(), 1000);
    let in_capitals = [("content-type", "application/json"), ("content-encoding", "GZIP")];
    service.key().post_bytes(&path(), &in_capitals, &body).expect(200);
    service.key().post_bytes(&path(), &fields, b"no gzip").problem(400);
    service.key().post_bytes(&path(), &fields, &body[..body.len() / 2]).problem(400);
}

fn a_bad_event_leaves_its_neighbours(database: Database) {
    let service = Service::start(database);
    let bad = bodies::with(bodies::event("bad"), json!({"latency_ms": -1}));
    let batch =
        json!({"events": [bodies::event("a"), bad, bodies::event("b"), 7, bodies::event("c")]});
    let answer = service.key().ingest(&batch).expect(200);
    let ids: Vec<_> = receipts(&answer).into_iter().map(|(id, index, _)| (id, index)).collect();
    assert_eq!(ids, [("a".to_owned(), 0), ("b".to_owned(), 1), ("c".to_owned(), 2)]);
    let rejected = answer["rejected"].as_array().unwrap();
    assert_eq!((&rejected[0]["index"], &rejected[1]["index"]), (&json!(1), &json!(3)));
    let problem = &rejected[0]["problem"];
    assert_eq!(problem["status"], 422);
    let pointer = problem["errors"][0]["pointer"].as_str().unwrap();
    assert!(pointer.ends_with("/latency_ms"), "{problem}");
    service.key().get(&format!("{}/bad", path())).problem(404);
}

fn a_bad_event_alone_is_the_answer(database: Database) {
    let service = Service::start(database);
    let bad = bodies::with(bodies::event("bad"), json!({"status": "fine"}));
    service.key().ingest(&bad).problem_at(422, "/status");
}

fn every_field_comes_back(database: Database) {
    let service = Service::start(database);
    let event = json!({
        "event_id": "full", "occurred_at": "2026-03-01T10:00:00.123456Z", "run_id": "r", "stage": "s",
        "client_sequence": 7, "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331",
        "parent_span_id": "00f067aa0ba902b7", "operation": "chat", "provider": "openai", "model": "gpt-4o-mini",
        "response_model": "gpt-4o-mini-2024-07-18", "tier": "mini", "agent": "a", "tool": "t",
        "conversation_id": "c", "user_ref": "u", "status": "error", "error_type": "timeout",
        "latency_ms": 1.5, "time_to_first_token_ms": 0.25,
        "usage": {"input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 2, "cache_write_tokens": 1, "reasoning_tokens": 3},
        "cost_usd": "0.000000001", "tags": ["x", "y"], "attributes": {"deep": [{"n": 1, "yes": true, "none": null}]}
    });
    service.key().ingest(&event).expect(200);
    let record = service.key().get(&format!("{}/full", path())).expect(200)["record"].clone();
    for (name, value) in event.as_object().unwrap() {
        assert_eq!(&record[name], value, "{name}");
    }
    let content = bodies::with(bodies::event("content"), json!({}));
    service.key().ingest(&content).expect(200);
    let record = service.key().get(&format!("{}/content", path())).expect(200)["record"].clone();
    assert!(record["input"].is_null(), "the policy is hash_only");
    assert!(record["input_hash"].as_str().unwrap().starts_with("hmac-sha256:"));
    assert_eq!(record["phi_scan"]["action"], "none", "{record}");
}

fn an_event_needs_no_field(database: Database) {
    let service = Service::start(database);
    let answer = service.key().ingest(&json!({})).expect(200);
    let (id, ..) = receipts(&answer).remove(0);
    let record = service.key().get(&format!("{}/{id}", path())).expect(200)["record"].clone();
    assert!(record["occurred_at"].is_string() && record["status"] == "ok", "{record}");
}

fn limits_hold(database: Database) {
    let service = Service::start(database);
    let many = Value::from(vec![json!({}); 1001]);
    service.key().ingest(&json!({"events": many})).problem_4xx();
    service.key().ingest(&json!({"events": []})).problem_4xx();
    let wide: Vec<_> = (0..65).map(|n| format!("tag-{n}")).collect();
    service.key().ingest(&json!({"tags": wide})).problem_at(422, "/tags");
    let almost = json!({"input": "a ".repeat(1_900_000)});
    service.key().ingest(&almost).expect(200);
}

fn otlp_json(database: Database) {
    let service = Service::start(database);
    let attribute = |key: &str, value: Value| json!({"key": key, "value": value});
    let span = json!({
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat gpt-4o-mini",
        "kind": 3, "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000000500000000",
        "attributes": [
            attribute("gen_ai.operation.name", json!({"stringValue": "chat"})),
            attribute("gen_ai.provider.name", json!({"stringValue": "openai"})),
            attribute("gen_ai.request.model", json!({"stringValue": "gpt-4o-mini"})),
            attribute("gen_ai.usage.input_tokens", json!({"intValue": "100"})),
            attribute("gen_ai.usage.output_tokens", json!({"intValue": "20"})),
        ]
    });
    let plain = json!({"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "0000000000000001", "name": "GET /",
        "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000000500000000"});
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span, plain]}]}]});
    for path in ["/v1/traces", "/api/public/otel/v1/traces"] {
        service.key().post(path, &request).expect(200);
    }
    let zipped = [("content-type", "application/json"), ("content-encoding", "gzip")];
    service
        .key()
        .post_bytes("/v1/traces", &zipped, &bodies::gzip(request.to_string().as_bytes()))
        .expect(200);
    let all = service.key().all(&path());
    assert_eq!(all.len(), 1, "sent three times, and one span is no AI work");
    assert_eq!(all[0]["event_id"], "5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174");
    assert_eq!(
        (&all[0]["usage"]["input_tokens"], &all[0]["latency_ms"]),
        (&json!(100), &json!(500))
    );
    assert_eq!(all[0]["source"], "otlp");
}
