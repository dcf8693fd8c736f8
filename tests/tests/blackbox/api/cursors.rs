//! Cursors: each list takes its own, and nothing else.

use serde_json::json;
use std::collections::BTreeMap;
use tests::{Client, Database, PROJECT, Service, bodies, both};

both!(a_list_takes_its_own_cursors_alone);

/// The lists that go on after one item.
const LISTS: [&str; 7] = [
    "/api/v1/audit",
    "/api/v1/projects",
    "/api/v1/projects/default/invocations",
    "/api/v1/projects/default/keys",
    "/api/v1/projects/default/reports",
    "/api/v1/projects/default/runs",
    "/api/v1/sessions",
];
/// Nothing is wrong here that it could list.
const ALERTS: &str = "/api/v1/alerts";

fn a_list_takes_its_own_cursors_alone(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    fill(&service, &admin);
    let cursors: BTreeMap<&str, String> = LISTS.map(|list| (list, cursor(&admin, list))).into();
    for list in LISTS.into_iter().chain([ALERTS]) {
        for (other, cursor) in &cursors {
            let page = admin.get(&format!("{list}?limit=1&cursor={cursor}"));
            if list == *other {
                assert_eq!(page.expect(200)["items"].as_array().unwrap().len(), 1, "{list}");
            } else {
                page.problem_at(422, "/cursor");
            }
        }
        // Nothing, NUL, no Base64, a space, and words that are no place.
        for cursor in ["", "AA", "!", "IA", "bm9uc2Vuc2U", "MSAy"] {
            let problem = admin.get(&format!("{list}?cursor={cursor}")).problem_at(422, "/cursor");
            let detail = &problem["errors"][0]["detail"];
            assert_eq!(detail, "must be the next_cursor of a page before", "{list}");
        }
    }
}

/// Two items for each list.
fn fill(service: &Service, admin: &Client) {
    admin.post("/api/v1/projects", &json!({"name": "Other"})).expect(201);
    service.admin();
    for run in ["r1", "r2"] {
        service.new_key(&["read"]);
        let event = bodies::with(bodies::event(run), json!({"run_id": run}));
        service.key().ingest(&event).expect(200);
        admin.post(&format!("{PROJECT}/reports"), &json!({"run_id": run})).expect(201);
    }
}

fn cursor(client: &Client, list: &str) -> String {
    let page = client.get(&format!("{list}?limit=1")).expect(200);
    page["next_cursor"].as_str().unwrap().to_owned()
}
