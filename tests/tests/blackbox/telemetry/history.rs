//! The history of metrics: a row a minute, an export, and archives.

use serde_json::Value;
use std::io::Read;
use tests::{Client, Database, PROJECT, Service, bodies, both, eventually};

both!(what_was_is_known, old_months_are_archived);

fn exported(admin: &Client, period: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/api/v1/telemetry/export{period}"));
    answer.expect_status(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn what_was_is_known(database: Database) {
    let mut service = Service::builder(database).env("RESEARCHFLOW_NODE", "node-1").start();
    service.key().ingest(&bodies::events("a", 10)).expect(200);
    for _ in 0..5 {
        service.key().get(&format!("{PROJECT}/invocations")).expect(200);
    }
    // The last figures are written at the end.
    assert!(service.stop().success());
    service.restart();
    let admin = service.admin();
    let lines = exported(&admin, "");
    let metrics: Vec<_> = lines.iter().filter(|line| line["kind"] == "metrics").collect();
    assert!(metrics.iter().all(|line| line["node"] == "node-1"), "{lines:?}");
    let sum = |pointer: &str| -> u64 {
        metrics.iter().filter_map(|line| line["figures"].pointer(pointer)?.as_u64()).sum()
    };
    assert_eq!(sum("/events"), 10);
    assert_eq!((sum("/classes/ingest/requests"), sum("/classes/api/requests")), (1, 5));
    let figures = &metrics[0]["figures"];
    assert!(figures["resident_bytes"].as_u64() > Some(1 << 20), "{figures}");
    let api = &figures["classes"]["api"];
    assert!(api["p50"].as_f64() > Some(0.0) && api["p99"].as_f64() >= api["p50"].as_f64(), "{api}");
    assert_eq!(exported(&admin, "?to=2020-01-01T00:00:00Z"), Vec::<Value>::new());
    let backwards = "?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z";
    admin.get(&format!("/api/v1/telemetry/export{backwards}")).problem_at(422, "/to");
}

fn old_months_are_archived(database: Database) {
    let mut service = Service::start(database);
    service.kill();
    // Two months that are over, of two processes.
    for (at, node) in [(86_400_000_000_u64, "a"), (86_400_000_000, "b"), (2_764_800_000_000, "a")] {
        service.database().execute(&format!(
            "INSERT INTO metric_samples (at, node, figures) VALUES ({at}, '{node}', '{{}}')"
        ));
    }
    service.restart();
    let old = "SELECT count(*) FROM metric_samples WHERE at < 9000000000000";
    eventually("they are archived", || (service.database().count(old) == 0).then_some(()));
    let archived = |month: &str| {
        let name = format!("archive/telemetry-{month}.jsonl.gz");
        let packed = std::fs::File::open(service.database().data_dir().join(name)).unwrap();
        let mut lines = String::new();
        flate2::read::GzDecoder::new(packed).read_to_string(&mut lines).unwrap();
        lines
    };
    assert_eq!(archived("1970-01").lines().count(), 2);
    let february: Value = serde_json::from_str(&archived("1970-02")).unwrap();
    assert!(february["at"].as_str().unwrap().starts_with("1970-02-02T00:00:00"), "{february}");
    assert_eq!(february["node"], "a");
}
