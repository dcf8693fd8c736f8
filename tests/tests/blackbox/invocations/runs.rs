//! Runs, and the tree of each.

use serde_json::{Value, json};
use tests::{Database, PROJECT, Service, bodies, both};

both!(a_run_is_a_tree, runs_are_summed);

const SPANS: [(&str, &str, Option<&str>); 5] = [
    ("root", "aaaaaaaaaaaaaaa1", None),
    ("child-1", "aaaaaaaaaaaaaaa2", Some("aaaaaaaaaaaaaaa1")),
    ("grandchild", "aaaaaaaaaaaaaaa3", Some("aaaaaaaaaaaaaaa2")),
    ("child-2", "aaaaaaaaaaaaaaa4", Some("aaaaaaaaaaaaaaa1")),
    ("orphan", "aaaaaaaaaaaaaaa5", Some("bbbbbbbbbbbbbbbb")),
];

fn a_run_is_a_tree(database: Database) {
    let service = Service::start(database);
    let event = |(n, (id, span, parent)): (usize, (&str, &str, Option<&str>))| {
        let place = json!({"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": span, "parent_span_id": parent,
            "occurred_at": format!("2026-03-01T12:00:0{n}Z")});
        bodies::with(bodies::event(id), place)
    };
    // The last first: order of arrival is no order of calls.
    let events: Vec<Value> = SPANS.into_iter().enumerate().map(event).rev().collect();
    service.key().ingest(&json!({"events": events})).expect(200);
    let run = service.key().get(&format!("{PROJECT}/runs/run-1")).expect(200);
    assert_eq!(run["run_id"], "run-1");
    assert_eq!(outline(&run["roots"]), "root(child-1(grandchild()),child-2()),orphan()");
    service.key().get(&format!("{PROJECT}/runs/none")).problem(404);
}

fn outline(nodes: &Value) -> String {
    let node = |node: &Value| {
        format!("{}({})", node["event_id"].as_str().unwrap(), outline(&node["children"]))
    };
    nodes.as_array().unwrap().iter().map(node).collect::<Vec<_>>().join(",")
}

fn runs_are_summed(database: Database) {
    let service = Service::start(database);
    for n in 0..7 {
        let failed = bodies::with(
            bodies::event(&format!("x-{n}")),
            json!({"run_id": format!("run {n}/ü"), "status": "error"}),
        );
        let fine =
            bodies::with(bodies::event(&format!("y-{n}")), json!({"run_id": format!("run {n}/ü")}));
        service.key().ingest(&json!({"events": [failed, fine]})).expect(200);
    }
    let runs = service.key().all(&format!("{PROJECT}/runs?limit=3"));
    assert_eq!(runs.len(), 7);
    for run in &runs {
        assert_eq!(
            (&run["invocations"], &run["errors"], &run["cost_usd"]),
            (&json!(2), &json!(1), &json!("0.000306")),
            "{run}"
        );
        assert!(run["first_at"].is_string() && run["last_at"].is_string(), "{run}");
    }
    assert_eq!(runs[0]["run_id"], "run 6/ü", "newest first");
    service.key().get(&format!("{PROJECT}/runs/run%206%2F%C3%BC")).expect(200);
}
