//! Finding invocations again.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::{Client, Database, PROJECT, Service, bodies, both};

both!(
    each_filter_finds_its_own,
    filters_hold_on_every_page,
    the_phi_filter_finds_what_was_redacted
);

/// Three events which differ in every field that can be asked for.
fn sample() -> Value {
    let at = |id: &str, day: u8, changes: Value| {
        let event = bodies::with(bodies::event(id), changes);
        bodies::with(event, json!({"occurred_at": format!("2026-03-{day:02}T12:00:00Z")}))
    };
    json!({"events": [
        at("a", 1, json!({"run_id": "r1", "stage": "plan", "model": "gpt-4o", "provider": "openai", "tier": "frontier", "status": "ok", "agent": "planner", "tags": ["x"]})),
        at("b", 2, json!({"run_id": "r1", "stage": "work", "model": "claude-sonnet-4-5", "provider": "anthropic", "tier": "frontier", "status": "error", "agent": "worker", "tags": ["x", "y"]})),
        at("c", 3, json!({"run_id": "r2", "stage": "work", "model": "gpt-4o-mini", "provider": "openai", "tier": "mini", "status": "blocked", "agent": "worker", "tags": []})),
    ]})
}

fn found(client: &Client, query: &str) -> BTreeSet<String> {
    let items = client.all(&format!("{PROJECT}/invocations?{query}"));
    items.iter().map(|item| item["event_id"].as_str().unwrap().to_owned()).collect()
}

fn each_filter_finds_its_own(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    key.ingest(&sample()).expect(200);
    let cases = [
        ("run=r1", "ab"),
        ("run=r3", ""),
        ("stage=work", "bc"),
        ("model=gpt-4o", "a"),
        ("provider=openai", "ac"),
        ("tier=frontier", "ab"),
        ("status=ok", "a"),
        ("status=error", "b"),
        ("status=blocked", "c"),
        ("agent=worker", "bc"),
        ("tag=x", "ab"),
        ("tag=y", "b"),
        ("tag=z", ""),
        ("from=2026-03-02T00:00:00Z", "bc"),
        ("to=2026-03-02T00:00:00Z", "a"),
        ("from=2026-03-01T12:00:00Z&to=2026-03-03T12:00:00Z", "ab"),
        ("from=2026-03-02T12:00:00%2B00:00", "bc"),
        ("run=r1&status=error", "b"),
        ("stage=work&tag=x&provider=anthropic", "b"),
        ("run=r2&tag=x", ""),
        ("", "abc"),
    ];
    for (query, expected) in cases {
        let expected = expected.chars().map(String::from).collect();
        assert_eq!(found(&key, query), expected, "{query}");
    }
    for (field, wrong) in
        [("phi", "bogus"), ("phi", ""), ("phi", "MRN"), ("tier", "huge"), ("status", "")]
    {
        for path in ["invocations", "invocations/export"] {
            let answer = key.get(&format!("{PROJECT}/{path}?{field}={wrong}"));
            let problem = answer.problem_at(422, &format!("/{field}"));
            assert!(problem["detail"].as_str().unwrap().contains("one of "), "{problem}");
        }
    }
    for wrong in ["status=fine", "tier=huge", "from=then", "colour=red"] {
        key.get(&format!("{PROJECT}/invocations?{wrong}")).problem_4xx();
    }
}

fn filters_hold_on_every_page(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    key.ingest(&bodies::events("e", 40)).expect(200);
    let other: Vec<_> = (0..40)
        .map(|n| bodies::with(bodies::event(&format!("o-{n}")), json!({"run_id": "other"})))
        .collect();
    key.ingest(&json!({"events": other})).expect(200);
    let items = key.all(&format!("{PROJECT}/invocations?run=other&limit=7"));
    assert_eq!(items.len(), 40);
    assert!(items.iter().all(|item| item["run_id"] == "other"));
}

fn the_phi_filter_finds_what_was_redacted(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let with_phi = bodies::with(bodies::event("phi"), json!({"input": "Her SSN is 536-90-4399."}));
    key.ingest(&json!({"events": [bodies::event("clean"), with_phi]})).expect(200);
    let record = key.get(&format!("{PROJECT}/invocations/phi")).expect(200)["record"].clone();
    let classes = record["phi_scan"]["classes"].as_object().unwrap();
    assert!(!classes.is_empty(), "{record}");
    for class in classes.keys() {
        assert_eq!(
            found(&key, &format!("phi={class}")),
            BTreeSet::from(["phi".to_owned()]),
            "{class}"
        );
    }
}
