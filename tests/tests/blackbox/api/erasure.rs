//! Projects are erased 30 days after they were deleted, in pieces.

use serde_json::{Value, json};
use tests::{Client, Database, Service, bodies, both, eventually};

both!(
    all_of_it_goes_in_pieces_and_nothing_else,
    what_is_left_between_two_pieces_holds,
    events_that_came_too_late_go_as_well
);

const SHORT: &str = "/api/v1/projects/short";

/// Of each piece one event in four is somebody else's, so that what is erased lies in many ranges.
fn fill(service: &Service, admin: &Client, pieces: usize) {
    admin.post("/api/v1/projects", &json!({"slug": "short", "name": "Short"})).expect(201);
    let event = |name: &str, n: usize| {
        let changes =
            json!({"run_id": format!("run-{}", n / 300), "tags": [format!("tag-{}", n % 5)]});
        bodies::with(bodies::event(&format!("{name}-{n}")), changes)
    };
    for n in 0..pieces * 10 {
        let of = |name: &str, count: usize| -> Value {
            (n * count..(n + 1) * count).map(|n| event(name, n)).collect()
        };
        admin
            .post(&format!("{SHORT}/invocations"), &json!({"events": of("goes", 100)}))
            .expect(200);
        service.key().ingest(&json!({"events": of("stays", 33)})).expect(200);
    }
    let report = json!({"run_id": "run-0"});
    admin.post(&format!("{SHORT}/reports"), &report).expect(201);
}

/// As if it had been deleted in 1970.
fn delete(service: &Service, admin: &Client) {
    admin.delete(&format!("{SHORT}?confirm=Short")).expect_status(204);
    service.database().execute("UPDATE projects SET deleted_at = 1 WHERE slug = 'short'");
}

fn verify(service: &Service) {
    for command in [["ledger", "verify"].as_slice(), &["cost", "report", "--verify"]] {
        let outcome = service.database().researchflow(command);
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
}

/// Rows of a table that are the project's.
fn rows(service: &Service, id: &str, table: &str) -> usize {
    service.database().count(&format!("SELECT count(*) FROM {table} WHERE project_id = '{id}'"))
}

fn all_of_it_goes_in_pieces_and_nothing_else(database: Database) {
    let mut service = Service::start(database);
    let admin = service.admin();
    fill(&service, &admin, 3);
    let id = admin.get(SHORT).expect(200)["id"].as_str().unwrap().to_owned();
    let others = service.key().all("/api/v1/projects/default/invocations?limit=500");
    delete(&service, &admin);
    service.restart();
    // Another one that does the same work does not do it twice.
    let _other =
        (service.database().kind() == tests::Kind::Postgres).then(|| service.beside().start());
    eventually("the project is erased", || (rows(&service, &id, "invocations") == 0).then_some(()));
    for table in ["invocation_labels", "runs", "cost_rollups", "reports", "memberships", "api_keys"]
    {
        assert_eq!(rows(&service, &id, table), 0, "{table}");
    }
    let records = "SELECT count(*) FROM ledger_records WHERE log = 'invocations'";
    assert_eq!(service.database().count(records), others.len());
    assert_eq!(service.key().all("/api/v1/projects/default/invocations?limit=500"), others);
    verify(&service);

    let acts = service.admin().all("/api/v1/audit?action=project_erased");
    let mut erased: Vec<u64> =
        acts.iter().filter_map(|act| act["record"]["erasure"]["records"].as_u64()).collect();
    erased.sort_unstable();
    assert_eq!(erased, [1000, 1000, 1000], "{acts:?}");
}

fn what_is_left_between_two_pieces_holds(database: Database) {
    let mut service = Service::start(database);
    let admin = service.admin();
    fill(&service, &admin, 4);
    let id = admin.get(SHORT).expect(200)["id"].as_str().unwrap().to_owned();
    delete(&service, &admin);
    let all = rows(&service, &id, "invocations");
    let mut left = all;
    while left > 0 {
        service.restart();
        eventually("a piece is erased", || {
            (rows(&service, &id, "invocations") < left).then_some(())
        });
        service.kill();
        verify(&service);
        left = rows(&service, &id, "invocations");
    }
}

/// A node's disk has had them since before the project was deleted.
fn events_that_came_too_late_go_as_well(database: Database) {
    let mut service = Service::start(database);
    let admin = service.admin();
    fill(&service, &admin, 1);
    let id = admin.get(SHORT).expect(200)["id"].as_str().unwrap().to_owned();
    delete(&service, &admin);
    service.database().execute("UPDATE projects SET settings = 'erased' WHERE slug = 'short'");
    verify(&service);
    service.restart();
    eventually("they are erased", || (rows(&service, &id, "invocations") == 0).then_some(()));
    verify(&service);
}
