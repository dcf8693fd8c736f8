//! The same event twice is one record, however it comes twice.

use serde_json::{Value, json};
use std::collections::HashMap;
use tests::{Database, PROJECT, Service, bodies, both};

both!(twice_in_a_request, twice_in_two_requests, at_once, in_two_projects_they_are_two);

fn receipt(answer: &Value, n: usize) -> (u64, bool) {
    let receipt = &answer["receipts"][n];
    (receipt["ledger_index"].as_u64().unwrap(), receipt["duplicate"].as_bool().unwrap())
}

fn twice_in_a_request(database: Database) {
    let service = Service::start(database);
    let other = bodies::with(bodies::event("a"), json!({"model": "another"}));
    let answer = service
        .key()
        .ingest(&json!({"events": [bodies::event("a"), bodies::event("b"), other]}))
        .expect(200);
    assert_eq!([0, 1, 2].map(|n| receipt(&answer, n)), [(0, false), (1, false), (0, true)]);
    let record =
        service.key().get(&format!("{PROJECT}/invocations/a")).expect(200)["record"].clone();
    assert_eq!(record["model"], "gpt-4o-mini", "the first counts");
}

fn twice_in_two_requests(database: Database) {
    let mut service = Service::start(database);
    service.key().ingest(&bodies::events("e", 3)).expect(200);
    let again = service.key().ingest(&bodies::events("e", 4)).expect(200);
    assert_eq!(
        [0, 1, 2, 3].map(|n| receipt(&again, n)),
        [(0, true), (1, true), (2, true), (3, false)]
    );
    service.restart();
    let again = service.key().ingest(&bodies::event("e-1")).expect(200);
    assert_eq!(receipt(&again, 0), (1, true));
}

fn at_once(database: Database) {
    let service = Service::start(database);
    let batch = bodies::events("e", 50);
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let senders: Vec<_> =
            (0..8).map(|_| scope.spawn(|| service.key().ingest(&batch).expect(200))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let mut indexes: HashMap<String, u64> = HashMap::new();
    let mut firsts = 0;
    for answer in &answers {
        for receipt in answer["receipts"].as_array().unwrap() {
            let index = receipt["ledger_index"].as_u64().unwrap();
            let known = *indexes.entry(receipt["event_id"].to_string()).or_insert(index);
            assert_eq!(known, index, "one event, one receipt");
            firsts += usize::from(receipt["duplicate"] == false);
        }
    }
    assert_eq!((indexes.len(), firsts), (50, 50));
    assert_eq!(service.key().all(&format!("{PROJECT}/invocations")).len(), 50);
    assert_eq!(service.database().researchflow(&["ledger", "verify"]).code, 0);
}

fn in_two_projects_they_are_two(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    admin.post("/api/v1/projects", &json!({"name": "Other", "slug": "other"})).expect(201);
    let one = admin.post("/api/v1/projects/default/invocations", &bodies::event("a")).expect(200);
    let two = admin.post("/api/v1/projects/other/invocations", &bodies::event("a")).expect(200);
    assert_eq!((receipt(&one, 0), receipt(&two, 0)), ((0, false), (1, false)));
}
