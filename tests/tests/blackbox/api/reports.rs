//! Costs and reports.

use serde_json::json;
use tests::{Database, PROJECT, Service, bodies, both};

both!(
    costs_add_up,
    what_has_no_price_is_counted,
    a_report_keeps_its_digest,
    costs_and_reports_by_command
);

fn costs_add_up(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    key.ingest(&bodies::events("e", 10)).expect(200);
    // 200 fresh tokens at 0.15, 1000 cached at 0.075 and 80 out at 0.60 dollars a million.
    let record = &key.get(&format!("{PROJECT}/invocations/e-0")).expect(200)["record"];
    assert_eq!(record["cost_usd"], "0.000153");
    for group in ["model", "tier", "provider", "agent", "stage", "run", "key", "day"] {
        let costs = key.get(&format!("{PROJECT}/costs?group_by={group}")).expect(200);
        assert_eq!(costs["items"].as_array().unwrap().len(), 1, "{costs}");
        for sum in [&costs["items"][0], &costs["total"]] {
            assert_eq!(sum["invocations"], 10, "{costs}");
            assert_eq!(sum["input_tokens"], 12_000, "{costs}");
            assert_eq!(sum["output_tokens"], 800, "{costs}");
            assert_eq!(sum["cost_usd"], "0.00153", "{costs}");
            assert_eq!(sum["unpriced"], 0, "{costs}");
        }
    }
    for wrong in ["colour", "project"] {
        let answer = key.get(&format!("{PROJECT}/costs?group_by={wrong}"));
        let problem = answer.problem_at(422, "/group_by");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("`day`") && !detail.contains("project"), "{detail}");
    }
}

fn what_has_no_price_is_counted(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let unknown =
        bodies::with(bodies::event("u"), json!({"model": "in-house-7", "provider": "ours"}));
    let told = bodies::with(
        bodies::event("t"),
        json!({"model": "in-house-7", "provider": "ours", "cost_usd": "0.25"}),
    );
    key.ingest(&json!({"events": [unknown, told]})).expect(200);
    let record =
        |id: &str| key.get(&format!("{PROJECT}/invocations/{id}")).expect(200)["record"].clone();
    assert!(record("u")["cost_usd"].is_null());
    assert_eq!(record("t")["cost_usd"], "0.25");
    let costs = key.get(&format!("{PROJECT}/costs?group_by=model")).expect(200);
    assert_eq!(
        (&costs["total"]["unpriced"], &costs["total"]["cost_usd"]),
        (&json!(1), &json!("0.25"))
    );
}

fn a_report_keeps_its_digest(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let (_, ingest) = service.new_key(&["ingest"]);
    ingest.ingest(&bodies::events("e", 20)).expect(200);
    let admin = service.admin();
    let reports = format!("{PROJECT}/reports");
    let made = admin.post(&reports, &json!({"run_id": "run-1"})).expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["sha256"].as_str().unwrap().len(), 64);
    assert!(made["report"].is_object());
    let read = || key.get(&format!("{reports}/{id}?format=json"));
    assert_eq!(read().body, read().body, "same bytes");
    let markdown = key.get(&format!("{reports}/{id}?format=markdown"));
    markdown.expect_status(200);
    assert!(markdown.text().starts_with('#'), "{}", markdown.text());
    assert!(markdown.text().contains("gpt-4o-mini"));
    assert_eq!(key.all(&reports).len(), 1);
    let period = json!({"from": "2026-01-01T00:00:00Z", "to": "2036-01-01T00:00:00Z"});
    admin.post(&reports, &period).expect(201);
    for wrong in [json!({}), json!({"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"})]
    {
        admin.post(&reports, &wrong).problem_4xx();
    }
    key.get(&format!("{reports}/{id}?format=docx")).problem_4xx();
    key.get(&format!("{reports}/nothing")).problem(404);
}

fn costs_and_reports_by_command(database: Database) {
    let service = Service::start(database);
    service.key().ingest(&bodies::events("e", 10)).expect(200);
    let report = service.database().researchflow(&[
        "cost",
        "report",
        "--since",
        "7d",
        "--project",
        "default",
    ]);
    assert_eq!(report.code, 0, "{report:?}");
    assert!(
        report.text.contains("gpt-4o-mini") && report.text.contains("0.00153"),
        "{}",
        report.text
    );
}
