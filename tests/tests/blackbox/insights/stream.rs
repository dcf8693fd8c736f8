//! What stands in the stream, and what is told of it.

use super::counts::stream;
use serde_json::{Value, json};
use tests::{Database, Redis, Service, bodies, both, eventually};

both!(entries_have_no_text, a_project_replays_its_own);

const PLANTED: [&str; 4] = ["482-91-7730", "jane.roe@clinic.example", "Roe", "protocol"];

fn entries_have_no_text(database: Database) {
    let redis = Redis::start();
    let service = Service::builder(database).env("REDIS_URL", &redis.url()).start();
    let admin = service.admin();
    let planted = json!({
        "input": "Jane Roe, SSN 482-91-7730, protocol 7", "output": "Write to jane.roe@clinic.example",
        "stage": "mail jane.roe@clinic.example", "agent": "ssn 482-91-7730",
        "run_id": "run of jane.roe@clinic.example", "error_type": "no 482-91-7730",
        "tags": ["jane.roe@clinic.example"], "user_ref": "jane.roe@clinic.example",
    });
    let events: Vec<Value> =
        (0..20).map(|n| bodies::with(bodies::event(&format!("e-{n}")), planted.clone())).collect();
    service.key().ingest(&json!({ "events": events })).expect(200);
    eventually("all of it is in the stream", || {
        (redis.cli(&["XLEN", "ros:insights"]).trim() == "20").then_some(())
    });
    let first = redis.cli(&["XREAD", "COUNT", "5", "STREAMS", "ros:insights", "0"]);
    assert_eq!(first.matches("event_id").count(), 5, "{first}");
    let all = redis.cli(&["XRANGE", "ros:insights", "-", "+"]);
    for text in PLANTED {
        assert!(!all.contains(text), "{text} is in {all}");
    }
    assert!(redis.cli(&["XINFO", "GROUPS", "ros:insights"]).contains("ros:insights-workers"));
    eventually("the worker has acknowledged it", || {
        let told = stream(&admin);
        let group = told["groups"].as_array().unwrap().first()?.clone();
        assert_eq!(group["name"], "ros:insights-workers");
        (group["lag"] == 0 && told["unapplied"] == 0 && told["next"] == 20).then_some(())
    });
    let metrics = service.nobody().get("/metrics").text();
    for line in [
        "researchflow_insights_published_total{feed=\"redis\"} 20",
        "researchflow_insights_consumed_total{feed=\"redis\"} 20",
        "researchflow_insights_applied_total 20",
        "researchflow_insights_lag_events 0",
        "researchflow_redis_up 1",
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line}");
    }
}

fn a_project_replays_its_own(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    admin.post("/api/v1/projects", &json!({"slug": "other", "name": "Other"})).expect(201);
    admin.post("/api/v1/projects/other/invocations", &bodies::events("theirs", 5)).expect(200);
    service.key().ingest(&bodies::events("ours", 600)).expect(200);
    let replay = |from: &str| -> Vec<Value> {
        let answer = service.key().get(&format!("/api/v1/insights/stream/replay?from={from}"));
        answer.expect_status(200);
        let text = answer.text();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = replay("0");
    let ids: Vec<String> = (0..600).map(|n| format!("ours-{n}")).collect();
    assert_eq!(all.iter().map(|it| it["event_id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    assert_eq!(all[0]["index"], 5);
    assert_eq!(replay("600").len(), 5);
    assert_eq!(replay("9000").len(), 0);
    service.key().get("/api/v1/insights/stream/replay?from=x").problem(422);
}
