//! Bad requests: each gets a 4xx problem, names the field, and harms nobody else.

use serde_json::{Value, json};
use tests::{Client, Database, PROJECT, Service, bodies, both};

both!(
    bad_fields_are_named,
    bad_bytes_are_refused,
    bad_traces_are_refused,
    a_nul_finds_nothing,
    nothing_is_quoted,
    bad_http_is_refused
);

fn path() -> String {
    format!("{PROJECT}/invocations")
}

/// The service still takes a good event, and has answered nothing with 5xx.
fn unharmed(service: &Service, client: &Client) {
    client.ingest(&bodies::event("neighbour")).expect(200);
    let failed = |line: &Value| line["status"].as_u64().is_some_and(|status| status >= 500);
    assert_eq!(service.log().into_iter().find(failed), None);
}

fn bad_fields_are_named(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    let cases: Vec<(Value, &str)> = vec![
        (json!({"usage": {"input_tokens": -5}}), "/usage/input_tokens"),
        (json!({"usage": {"output_tokens": 1.5}}), "/usage/output_tokens"),
        (json!({"usage": {"output_tokens": 1e30}}), "/usage/output_tokens"),
        (json!({"usage": {"input_tokens": 5, "cache_read_tokens": 6}}), "/usage/input_tokens"),
        (json!({"usage": {"tokens": 5}}), "/usage/tokens"),
        (json!({"usage": []}), "/usage"),
        (json!({"occurred_at": "2999-01-01T00:00:00Z"}), "/occurred_at"),
        (json!({"occurred_at": "1970-01-01T00:00:00Z"}), "/occurred_at"),
        (json!({"occurred_at": "2026-02-30T00:00:00Z"}), "/occurred_at"),
        (json!({"occurred_at": 1_790_000_000}), "/occurred_at"),
        (json!({"occurred_at": "0000-01-01T00:00:00+10:00"}), "/occurred_at"),
        (json!({"occurred_at": "2026-11-21T09:30:00\u{2212}01:00"}), "/occurred_at"),
        (json!({"latency_ms": -0.001}), "/latency_ms"),
        (json!({"latency_ms": "fast"}), "/latency_ms"),
        (json!({"cost_usd": 0.1}), "/cost_usd"),
        (json!({"cost_usd": "-1"}), "/cost_usd"),
        (json!({"cost_usd": "1e9"}), "/cost_usd"),
        (json!({"cost_usd": "1000000000"}), "/cost_usd"),
        (json!({"status": "fine"}), "/status"),
        (json!({"tier": "Mini"}), "/tier"),
        (json!({"model": ""}), "/model"),
        (json!({"model": "m".repeat(257)}), "/model"),
        (json!({"model": "a\u{0}b"}), "/model"),
        (json!({"event_id": "x".repeat(129)}), "/event_id"),
        (json!({"trace_id": "xyz"}), "/trace_id"),
        (json!({"span_id": "0000000000000000"}), "/span_id"),
        (json!({"tags": "x"}), "/tags"),
        (json!({"tags": ["ok", 7]}), "/tags/1"),
        (json!({"attributes": [1]}), "/attributes"),
        (json!({"attributes": {"deep": deep}}), "/attributes"),
        (json!({"input": 7}), "/input"),
        (json!({"input_hash": "sha256:xyz"}), "/input_hash"),
        (json!({"schema_version": 99}), "/schema_version"),
        (json!({"modell": "x"}), "/modell"),
        (json!({"project_id": "another"}), "/project_id"),
    ];
    for (event, pointer) in &cases {
        let answer = key.ingest(event);
        assert_eq!(answer.status, 422, "{event}");
        answer.problem_at(422, pointer);
    }
    let all: Vec<_> =
        cases.iter().map(|(event, _)| event.clone()).chain([bodies::event("good")]).collect();
    let answer = key.ingest(&json!({"events": all})).expect(200);
    assert_eq!(answer["rejected"].as_array().unwrap().len(), cases.len());
    assert_eq!(answer["receipts"].as_array().unwrap().len(), 1);
    unharmed(&service, &key);
}

fn bad_bytes_are_refused(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let json = [("content-type", "application/json")];
    for body in [
        &b""[..],
        b"null",
        b"7",
        b"[]",
        b"\"x\"",
        b"{",
        b"{\"model\":\"\xff\"}",
        b"\xef\xbb\xbf{}x",
        b"{}{}",
        b"{\"model\":NaN}",
        b"{\"model\":\"a\",\"model\":\"b\"}",
    ] {
        let answer = key.post_bytes(&path(), &json, body);
        assert!([400, 422].contains(&answer.status), "{body:?}: {answer:?}");
        answer.problem(answer.status);
    }
    for kind in [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "nonsense",
        "application/jsonx",
    ] {
        key.post_bytes(&path(), &[("content-type", kind)], b"{}").problem(415);
    }
    key.post_bytes(&path(), &[("content-type", "application/json; charset=utf-8")], b"{}")
        .expect(200);
    unharmed(&service, &key);
}

fn bad_traces_are_refused(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let protobuf = [("content-type", "application/x-protobuf")];
    let mut endless = vec![0x0a];
    endless.extend([0xff; 20]);
    // A length beyond the end, a wrong wire type, an endless number, groups in groups, plain text.
    let bodies: [&[u8]; 5] =
        [b"\x0a\x7f\x01", b"\x0f\x0f\x0f", &endless, &[0x0b; 100_000], b"{\"resourceSpans\":[]}"];
    for body in bodies {
        let answer = key.post_bytes("/v1/traces", &protobuf, body);
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let json = [("content-type", "application/json")];
    for body in [
        &b"{\"resourceSpans\":7}"[..],
        b"[",
        b"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"zz\"}]}]}]}",
    ] {
        let answer = key.post_bytes("/v1/traces", &json, body);
        assert!(answer.status < 500, "{answer:?}");
    }
    unharmed(&service, &key);
}

/// PostgreSQL takes no text with U+0000, not even to look for it. Nobody may notice.
fn a_nul_finds_nothing(database: Database) {
    let service = Service::start(database);
    let (key, admin) = (service.key(), service.admin());
    key.ingest(&bodies::event("a")).expect(200);
    for path in [
        "/api/v1/projects/%00",
        "/api/v1/projects/default%00",
        "/api/v1/projects/%00/invocations",
        "/api/v1/projects/default/runs/%00",
        "/api/v1/projects/default/runs/%%30%30",
        "/api/v1/projects/default/invocations/a%00b",
        "/api/v1/projects/default/invocations/a%00",
        "/api/v1/projects/default/reports/%00",
        "/ledger/%00/checkpoint",
    ] {
        assert_eq!(admin.get(path).problem(404)["type"], "/problems/not-found", "{path}");
    }
    for path in [
        "/api/v1/projects/default/members/%00",
        "/api/v1/projects/default/keys/%00",
        "/api/v1/sessions/%00",
        "/api/v1/insights/dead-letters/%00",
    ] {
        assert_eq!(admin.delete(path).problem(404)["type"], "/problems/not-found", "{path}");
    }
    admin.post("/api/v1/projects/default/keys/%00/rotate", &json!({})).problem(404);
    admin.json("PATCH", "/api/v1/projects/%00", &json!({"name": "x"})).problem(404);
    // An escaped escape is no NUL.
    key.ingest(&json!({"event_id": "a%00b"})).expect(200);
    key.get("/api/v1/projects/default/invocations/a%2500b").expect(200);

    let report = |run: &str| key.post(&format!("{PROJECT}/reports"), &json!({"run_id": run}));
    for run in ["a\0b", "\0", "", &"r".repeat(257)] {
        report(run).problem_at(422, "/run_id");
    }
    for list in ["alerts", "audit", "projects", "projects/default/keys", "sessions"] {
        admin.get(&format!("/api/v1/{list}?cursor=AA")).problem_at(422, "/cursor");
    }
    let nobody = json!({"email": "a\0b@researchflow.test", "role": "viewer"});
    admin.json("PUT", &format!("{PROJECT}/members"), &nobody).problem_at(422, "/email");
    let nobody = json!({"email": "a\0b@researchflow.test", "password": "wrong"});
    service.nobody().post("/api/v1/sessions", &nobody).problem(401);
    unharmed(&service, &key);
}

/// What is refused may hold patient data, so no answer and no log line repeats it.
fn nothing_is_quoted(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let secret = "536-90-4399";
    let mut answers = vec![
        key.ingest(&json!({"status": secret})),
        key.ingest(&json!({"occurred_at": secret})),
        key.ingest(&json!({"usage": {"input_tokens": secret}})),
        key.ingest(&json!({"latency_ms": secret})),
        key.ingest(&json!({"trace_id": secret})),
        key.get(&format!("{}?from={secret}", path())),
        key.get(&format!("{}?status={secret}", path())),
        key.get(&format!("{}?cursor={secret}", path())),
        key.get(&format!("{}/{secret}", path())),
        key.get(&format!("{PROJECT}/runs/{secret}")),
        key.post("/api/v1/sessions", &json!({"email": secret, "password": secret})),
    ];
    answers.push(key.post_bytes(&path(), &[("content-type", secret)], b"{}"));
    for answer in &answers {
        assert!((400..500).contains(&answer.status), "{answer:?}");
        assert!(!answer.text().contains(secret), "{answer:?}");
    }
    key.get(&format!("{}?tag={secret}", path())).expect(200);
    let metrics = service.nobody().get("/metrics").text();
    assert!(!metrics.contains(secret));
    let logs = std::fs::read_to_string(service.database().folder().join("service.log")).unwrap();
    let line = logs.lines().find(|line| line.contains(secret));
    assert_eq!(line, None);
}

fn bad_http_is_refused(database: Database) {
    let service = Service::start(database);
    let requests: [&[u8]; 6] = [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/v1/projects HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
        b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n",
        b"GET /\x01 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nno colon here\r\n\r\n",
    ];
    for request in requests {
        let answer = service.raw(request);
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    unharmed(&service, &service.key());
}
