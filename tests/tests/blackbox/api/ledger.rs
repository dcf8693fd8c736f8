//! The logs, as strangers and operators see them.

use serde_json::json;
use tests::{Database, PROJECT, Service, bodies, both};

both!(
    checkpoints_grow,
    what_people_do_is_sealed,
    the_commands_agree,
    a_checkpoint_kept_elsewhere_shows_a_loss,
    the_public_log_is_all_digests
);

fn size(service: &Service, log: &str) -> u64 {
    let answer = service.nobody().get(&format!("/ledger/{log}/checkpoint"));
    answer.expect_status(200);
    answer.text().lines().nth(1).unwrap().parse().unwrap()
}

fn checkpoints_grow(database: Database) {
    let service = Service::start(database);
    assert_eq!(size(&service, "invocations"), 0);
    service.key().ingest(&bodies::events("e", 300)).expect(200);
    assert_eq!(size(&service, "invocations"), 300);
    let tile = |path: &str| service.nobody().get(&format!("/ledger/invocations/tile/{path}"));
    tile("0/000").expect_status(200);
    assert_eq!(tile("0/000").body.len(), 256 * 32);
    assert_eq!(tile("0/001.p/44").body.len(), 44 * 32);
    assert_eq!(tile("1/000.p/1").body.len(), 32);
    for missing in [
        "0/001",
        "0/001.p/45",
        "0/002",
        "1/000",
        "2/000",
        "0/1",
        "0/000.p/0",
        "0/000.p/256",
        "x/000",
    ] {
        tile(missing).problem_4xx();
    }
}

fn what_people_do_is_sealed(database: Database) {
    let service = Service::start(database);
    let before = size(&service, "audit");
    service.new_key(&["read"]);
    service
        .admin()
        .json("PATCH", PROJECT, &json!({"settings": {"content_policy": "redacted"}}))
        .expect(200);
    assert!(
        size(&service, "audit") >= before + 2,
        "making a key and changing a setting are on record"
    );
    let verified = service.database().researchflow(&["ledger", "verify", "--log", "audit"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

fn the_commands_agree(database: Database) {
    let service = Service::start(database);
    service.key().ingest(&bodies::events("e", 10)).expect(200);
    let run = |arguments: &[&str]| {
        let outcome = service.database().researchflow(arguments);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.text
    };
    let served = service.nobody().get("/ledger/invocations/checkpoint").text();
    assert!(run(&["ledger", "checkpoint", "--log", "invocations"]).contains(served.trim()));
    run(&["ledger", "prove", "--log", "invocations", "7"]);
    assert_ne!(
        service.database().researchflow(&["ledger", "prove", "--log", "invocations", "10"]).code,
        0
    );
    let json = run(&["ledger", "verify", "--json"]);
    assert!(json.trim_start().starts_with(['{', '[']), "{json}");
    run(&["migrate", "status"]);
    assert_eq!(service.database().researchflow(&["ledger", "shred"]).code, 2, "usage");
}

fn a_checkpoint_kept_elsewhere_shows_a_loss(database: Database) {
    let mut service = Service::start(database);
    service.key().ingest(&bodies::events("old", 50)).expect(200);
    service.stop();
    let rolled_back = service.database().copy();
    service.restart();
    service.key().ingest(&bodies::events("new", 50)).expect(200);
    let kept = service.nobody().get("/ledger/invocations/checkpoint").body;
    let verify = |database: &Database| {
        let file = database.folder().join("kept");
        std::fs::write(&file, &kept).unwrap();
        let file = file.display().to_string();
        database
            .researchflow(&["ledger", "verify", "--log", "invocations", "--checkpoint", &file])
            .code
    };
    assert_eq!(verify(service.database()), 0);
    assert_eq!(verify(&rolled_back), 1, "fifty records are gone, without a trace of their own");
}

fn the_public_log_is_all_digests(database: Database) {
    let service = Service::start(database);
    service.key().ingest(&bodies::event("plain-sight")).expect(200);
    for path in ["checkpoint", "key", "tile/0/000.p/1", "tile/entries/000.p/1"] {
        let answer = service.nobody().get(&format!("/ledger/invocations/{path}"));
        assert!(!answer.text().contains("plain-sight"), "{path}");
    }
}
