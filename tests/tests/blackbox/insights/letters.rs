//! Dead letters: what cannot be read, and what was given up.

use super::counts::{all_is_added_up, stream, sums_are_exact, verify};
use serde_json::{Value, json};
use tests::{Client, Database, Redis, Service, bodies, both, eventually};

both!(what_cannot_be_read_is_parked, what_is_parked_is_counted);

const LETTERS: &str = "/api/v1/insights/dead-letters";

fn letters(admin: &Client) -> Vec<Value> {
    admin.get(LETTERS).expect(200)["items"].as_array().unwrap().clone()
}

fn letter(admin: &Client) -> Value {
    eventually("there is a dead letter", || letters(admin).first().cloned())
}

fn what_cannot_be_read_is_parked(database: Database) {
    let redis = Redis::start();
    let service = Service::builder(database).env("REDIS_URL", &redis.url()).start();
    let admin = service.admin();
    service.key().ingest(&bodies::events("before", 10)).expect(200);
    eventually("all is added up", || (stream(&admin)["unapplied"] == 0).then_some(()));
    // What claims to be all that comes before it, too.
    redis.cli(&["XADD", "ros:insights", "5000-0", "since", "0", "text", "482-91-7730"]);
    let told = letter(&admin);
    assert_eq!((&told["index"], &told["has_invocation"]), (&json!(5000), &json!(false)));
    assert!(told["reason"].as_str().unwrap().contains("field v"), "{told}");

    service.key().ingest(&bodies::events("after", 10)).expect(200);
    eventually("all is added up", || (stream(&admin)["unapplied"] == 0).then_some(()));
    assert_eq!(service.database().count("SELECT sum(invocations) FROM cost_rollups"), 20);
    verify(&service, 0);

    let listed = service.researchflow(&["worker", "dead-letters", "list"]);
    assert!(listed.text.contains("5000") && listed.text.contains("no invocation"), "{listed:?}");
    admin.delete(&format!("{LETTERS}/17")).problem(404);
    admin.delete(&format!("{LETTERS}/5000")).expect_status(204);
    assert_eq!(letters(&admin), Vec::<Value>::new());
    let acts = admin.all("/api/v1/audit?action=dead_letter_dropped");
    assert_eq!(acts.len(), 1, "{acts:?}");
}

fn what_is_parked_is_counted(database: Database) {
    let service = Service::builder(database).flag("--no-worker").start();
    let admin = service.admin();
    service.key().ingest(&bodies::events("x", 10)).expect(200);
    // As if a worker had given it up.
    service.database().execute("UPDATE insights_cursors SET cursor = '; 3'");
    let _worker = service.worker();
    let told = letter(&admin);
    assert_eq!((&told["index"], &told["has_invocation"]), (&json!(3), &json!(true)), "{told}");
    eventually("the others are added up", || (stream(&admin)["unapplied"] == 1).then_some(()));
    sums_are_exact(&service);
    verify(&service, 0);

    admin.delete(&format!("{LETTERS}/3")).problem(409);
    assert_eq!(service.researchflow(&["worker", "dead-letters", "drop", "3"]).code, 1);

    let retried = service.researchflow(&["worker", "dead-letters", "retry", "3"]);
    assert_eq!(retried.code, 0, "{retried:?}");
    assert_eq!(letters(&admin), Vec::<Value>::new());
    all_is_added_up(&service, &admin);
}
