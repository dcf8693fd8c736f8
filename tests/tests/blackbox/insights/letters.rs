//! Dead letters: what cannot be read, and what does not fit.

use super::counts::{stream, verify};
use serde_json::{Value, json};
use tests::{Client, Database, Redis, Service, bodies, both, eventually};

both!(what_cannot_be_read_is_parked, what_does_not_fit_is_parked);

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

fn what_does_not_fit_is_parked(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    // The second makes the hour's sum more than 2^63 nano-dollars.
    let dear = |n: usize| {
        bodies::with(
            bodies::event(&format!("dear-{n}")),
            json!({"cost_usd": "9000000000", "occurred_at": "2026-03-01T12:00:00Z"}),
        )
    };
    service.key().ingest(&dear(0)).expect(200);
    service.key().ingest(&dear(1)).expect(200);
    service.key().ingest(&bodies::events("other", 10)).expect(200);
    let told = letter(&admin);
    assert_eq!((&told["index"], &told["has_invocation"]), (&json!(1), &json!(true)), "{told}");
    eventually("the others are added up", || (stream(&admin)["unapplied"] == 1).then_some(()));
    let runs = service.key().get(&format!("{}/runs/run-1", tests::PROJECT)).expect(200);
    assert_eq!(runs["invocations"], 12, "what is parked is counted");
    verify(&service, 0);

    admin.post(&format!("{LETTERS}/1/retry"), &json!({})).problem(409);
    admin.delete(&format!("{LETTERS}/1")).problem(409);
    assert_eq!(service.researchflow(&["worker", "dead-letters", "drop", "1"]).code, 1);

    // Once there is room, it fits.
    service.database().execute(
        "UPDATE cost_rollups SET cost_nano_usd = 0 WHERE cost_nano_usd = 9000000000000000000",
    );
    let retried = service.researchflow(&["worker", "dead-letters", "retry", "1"]);
    assert_eq!(retried.code, 0, "{retried:?}");
    assert_eq!(letters(&admin), Vec::<Value>::new());
    assert_eq!(stream(&admin)["unapplied"], 0);
}
