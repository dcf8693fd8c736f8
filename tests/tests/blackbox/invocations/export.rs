//! Exports.

use serde_json::Value;
use std::collections::HashSet;
use tests::{Database, PROJECT, Service, bodies, both};

both!(
    lines_hold_every_record,
    a_table_holds_every_record,
    formulas_are_defused,
    an_export_has_no_pages
);

fn lines_hold_every_record(database: Database) {
    let service = Service::start(database);
    for part in 0..3 {
        service.key().ingest(&bodies::events(&format!("e{part}"), 700)).expect(200);
    }
    let answer = service.key().get(&format!("{PROJECT}/invocations/export?format=ndjson"));
    answer.expect_status(200);
    assert!(answer.header("content-type").unwrap().starts_with("application/x-ndjson"));
    let records: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: HashSet<_> = records.iter().map(|record| record["event_id"].to_string()).collect();
    assert_eq!((records.len(), ids.len()), (2100, 2100));
    let one = service.key().get(&format!("{PROJECT}/invocations/export?format=ndjson&run=none"));
    one.expect_status(200);
    assert_eq!(one.text(), "");
    service.key().get(&format!("{PROJECT}/invocations/export?format=docx")).problem_4xx();
}

fn a_table_holds_every_record(database: Database) {
    let service = Service::start(database);
    service.key().ingest(&bodies::events("e", 100)).expect(200);
    let answer =
        service.key().get(&format!("{PROJECT}/invocations/export?format=csv&stage=screening"));
    answer.expect_status(200);
    assert!(answer.header("content-type").unwrap().starts_with("text/csv"));
    let text = answer.text();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    for column in
        ["event_id", "occurred_at", "run_id", "model", "status", "cost_usd", "input_tokens"]
    {
        assert!(head.contains(&column), "{column} is not in {head:?}");
    }
    assert_eq!(lines.count(), 100);
}

/// A spreadsheet would run a cell that starts with one of `=+-@`.
fn formulas_are_defused(database: Database) {
    let service = Service::start(database);
    let evil = bodies::with(
        bodies::event("evil"),
        serde_json::json!({"agent": "=HYPERLINK(1)", "stage": "a \"b\", c"}),
    );
    service.key().ingest(&evil).expect(200);
    let text = service.key().get(&format!("{PROJECT}/invocations/export?format=csv")).text();
    assert!(!text.contains(",=HYPERLINK") && !text.contains(",\"=HYPERLINK"), "{text}");
    assert!(text.contains("\"a \"\"b\"\", c\""), "{text}");
}

fn an_export_has_no_pages(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    key.ingest(&bodies::events("e", 3)).expect(200);
    let page = key.get(&format!("{PROJECT}/invocations?limit=1")).expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let export = |query: &str| key.get(&format!("{PROJECT}/invocations/export?{query}"));
    for (query, pointer) in [
        ("limit=1", "/limit"),
        ("limit=50", "/limit"),
        (&format!("cursor={cursor}"), "/cursor"),
        ("cursor=nonsense", "/cursor"),
    ] {
        export(query).problem_at(422, pointer);
    }
    assert_eq!(export("format=ndjson").text().lines().count(), 3);
}
