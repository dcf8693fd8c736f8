//! The trail of acts: who may read it, how it is filtered, and that it is what was sealed.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::{Database, PROJECT, Service, both};

both!(
    acts_are_found_by_what_they_are,
    everybody_reads_their_own_trail_only,
    the_export_is_whole,
    every_refusal_leaves_a_trace,
    what_changes_nothing_leaves_none,
    the_trail_of_a_deleted_project_is_kept,
    what_is_not_there_is_refused_as_what_is_not_theirs,
    whoever_has_to_enrol_is_refused
);

fn actions(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["record"]["action"].as_str().unwrap()).collect()
}

fn acts_are_found_by_what_they_are(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let (id, _) = service.new_key(&["read"]);
    admin.delete(&format!("{PROJECT}/keys/{id}")).expect_status(204);
    let all = admin.all("/api/v1/audit?limit=2");
    assert!(all.len() > 4, "{all:?}");
    let newest_first =
        |pair: &[Value]| pair[0]["ledger_index"].as_u64() > pair[1]["ledger_index"].as_u64();
    assert!(all.windows(2).all(newest_first), "{all:?}");

    let found = |query: &str| admin.all(&format!("/api/v1/audit?{query}"));
    let revoked = found("action=key_revoked");
    assert_eq!(actions(&revoked), ["key_revoked"]);
    assert_eq!(revoked[0]["record"]["key_id"], id.as_str());
    let actor = revoked[0]["record"]["actor"]["id"].as_str().unwrap().to_owned();
    assert!(found(&format!("actor=user:{actor}")).len() >= 2);
    assert!(found("actor=user:nobody").is_empty());
    let at = revoked[0]["record"]["occurred_at"].as_str().unwrap();
    assert!(!found(&format!("from={at}")).is_empty());
    assert_eq!(found(&format!("to={at}")).len() + found(&format!("from={at}")).len(), all.len());

    admin
        .get("/api/v1/audit?from=2026-02-02T00:00:00Z&to=2026-01-01T00:00:00Z")
        .problem_at(422, "/to");
    for path in ["audit", "audit/export"] {
        for (field, wrong, told) in [
            ("action", "key_craeted", "key_created"),
            ("action", "", "key_created"),
            ("actor", "bogus", "operator"),
            ("actor", "", "operator"),
            ("actor", "user:", "operator"),
            ("actor", "system:1", "operator"),
        ] {
            let answer = admin.get(&format!("/api/v1/{path}?{field}={wrong}"));
            let problem = answer.problem_at(422, &format!("/{field}"));
            assert!(problem["detail"].as_str().unwrap().contains(told), "{problem}");
        }
    }
    assert!(!found("actor=system").is_empty());
    assert!(found("actor=key:nobody").is_empty() && found("actor=operator").is_empty());
    admin.get("/api/v1/audit?who=me").problem_at(422, "/who");
    admin.get("/api/v1/audit?project=absent").problem(404);
}

fn everybody_reads_their_own_trail_only(database: Database) {
    let service = Service::start(database);
    service
        .admin()
        .post("/api/v1/projects", &json!({"slug": "other", "name": "Other"}))
        .expect(201);
    service.nobody().get("/api/v1/audit").problem(401);
    let (_, reader) = service.new_key(&["read", "ingest"]);
    reader.get("/api/v1/audit").problem(403);
    let (_, manager) = service.new_key(&["manage"]);
    let trail = manager.all("/api/v1/audit");
    assert!(actions(&trail).contains(&"key_created"), "{trail:?}");
    let project = trail[0]["record"]["project_id"].as_str().unwrap();
    assert!(trail.iter().all(|item| item["record"]["project_id"] == project), "{trail:?}");
    manager.get("/api/v1/audit?project=other").problem(404);

    let operator = service.user("operator@example.org", Some("operator"));
    operator.get("/api/v1/audit").problem(403);
    assert!(!operator.all("/api/v1/audit?project=default").is_empty());
    operator.get("/api/v1/audit?project=other").problem(404);
    let viewer = service.user("viewer@example.org", Some("viewer"));
    viewer.get("/api/v1/audit?project=default").problem(403);
    viewer.get("/api/v1/audit/export?project=default").problem(403);
    let admin = service.admin();
    let refusals = || {
        let refused = admin.all("/api/v1/audit?action=access_refused&project=default");
        (refused.len() == 2).then_some(refused)
    };
    // The key's, and the viewer's, who asked twice.
    let refused = tests::eventually("refusals are sealed", refusals);
    let newest = &refused[0]["record"];
    assert_eq!(newest["wanted"], "read_audit");
    assert_eq!(newest["outcome"], "refused");
    assert_eq!(newest["address"], "127.0.0.1");
    assert!(newest["request_id"].is_string() && newest["actor"]["kind"] == "user", "{newest}");
}

fn the_export_is_whole(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let listed = admin.all("/api/v1/audit");
    admin.get("/api/v1/audit/export?limit=5").problem_at(422, "/limit");
    let export = admin.get("/api/v1/audit/export");
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> =
        export.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let records: Vec<Value> = listed.iter().map(|item| item["record"].clone()).collect();
    assert_eq!(lines, records);
    assert_eq!(actions(&admin.all("/api/v1/audit"))[0], "exported");
    assert_eq!(service.researchflow(&["ledger", "verify"]).code, 0);
}

fn every_refusal_leaves_a_trace(database: Database) {
    let service = Service::start(database);
    let viewer = service.user("viewer@example.org", Some("viewer"));
    let (_, key) = service.new_key(&["read", "manage"]);
    key.get("/api/v1/users/me/totp").problem(403);
    key.get("/api/v1/alerts").problem(403);
    viewer.get("/api/v1/insights/stream/replay").problem(403);
    viewer.get("/api/v1/telemetry/export").problem(403);
    viewer.get(&format!("{PROJECT}/invocations/export")).problem(403);
    let (_, wide) = service.new_key(&["read", "manage", "ingest"]);
    let wider = wide.all(&format!("{PROJECT}/keys"));
    let wider = wider.iter().find(|it| it["scopes"].as_array().unwrap().len() == 3).unwrap();
    let rotate = format!("{PROJECT}/keys/{}/rotate", wider["id"].as_str().unwrap());
    key.post(&rotate, &json!({})).problem(403);
    key.send("HEAD", "/api/v1/alerts", &[], None).expect_status(403);
    // What another site made a browser ask, by whatever method, is not its user's.
    let cookie = viewer.cookie();
    for method in ["POST", "PATIENT-JANE-DOE"] {
        let request = format!(
            "{method} /api/v1/projects HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\
             origin: https://evil.example\r\nconnection: close\r\n\r\n"
        );
        service.raw(request.as_bytes()).problem(403);
    }
    let expected = BTreeSet::from(
        [
            "GET /api/v1/users/me/totp",
            "GET /api/v1/alerts",
            "GET /api/v1/insights/stream/replay",
            "GET /api/v1/telemetry/export",
            "export_events",
            "POST /api/v1/projects/{project}/keys/{key_id}/rotate",
        ]
        .map(str::to_owned),
    );
    let admin = service.admin();
    tests::eventually("all are sealed", || {
        let sealed = admin.all("/api/v1/audit?action=access_refused");
        let wanted = sealed.iter().map(|it| it["record"]["wanted"].as_str().unwrap().to_owned());
        let all: Vec<_> = wanted.collect();
        assert!(all.len() <= expected.len(), "{all:?}");
        (all.into_iter().collect::<BTreeSet<_>>() == expected).then_some(())
    });
}

/// The log's size is public: it tells nobody which projects there are.
fn what_is_not_there_is_refused_as_what_is_not_theirs(database: Database) {
    let service = Service::start(database);
    let (here, nowhere) = ("here@example.org", "nowhere@example.org");
    service.user(here, None).get(PROJECT).problem(404);
    service.user(nowhere, None).get("/api/v1/projects/nowhere").problem(404);
    let admin = service.admin();
    tests::eventually("both are sealed", || {
        let sealed = admin.all("/api/v1/audit?action=access_refused");
        let wanted: Vec<_> = sealed.iter().map(|it| it["record"]["wanted"].clone()).collect();
        (wanted == ["read_project", "read_project"]).then_some(())
    });
    admin.get("/api/v1/projects/nowhere").problem(404);
}

fn whoever_has_to_enrol_is_refused(database: Database) {
    let demand = "RESEARCHFLOW_REQUIRE_SECOND_FACTOR";
    let service = Service::builder(database).env(demand, "true").start();
    let admin = service.admin();
    for path in ["/api/v1/projects", "/api/v1/audit", PROJECT] {
        admin.get(path).problem(403);
    }
    let sealed = "SELECT count(*) FROM audit_events WHERE action = 'access_refused'";
    tests::eventually("it is sealed", || (service.database().count(sealed) == 1).then_some(()));
}

fn what_changes_nothing_leaves_none(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let acts = || admin.all("/api/v1/audit").len();
    let before = acts();
    admin.json("PATCH", PROJECT, &json!({})).expect(200);
    let same = json!({"name": "Default", "settings": {"content_policy": "hash_only"}});
    admin.json("PATCH", PROJECT, &same).expect(200);
    for export in ["/api/v1/audit/export", &format!("{PROJECT}/invocations/export")] {
        admin.send("HEAD", export, &[], None).expect_status(200);
    }
    admin.delete("/api/v1/sessions").expect(204);
    assert_eq!(acts(), before);
    admin.json("PATCH", PROJECT, &json!({"name": "Other"})).expect(200);
    admin.get("/api/v1/telemetry/export").expect_status(200);
    assert_eq!(acts(), before + 2);

    let email = "member@example.org";
    service.user(email, Some("viewer"));
    for (role, sets) in [("viewer", 1), ("viewer", 1), ("operator", 2)] {
        let member = json!({"email": email, "role": role});
        admin.json("PUT", &format!("{PROJECT}/members"), &member).expect(200);
        assert_eq!(admin.all("/api/v1/audit?action=member_set").len(), sets, "{role}");
    }
    let leaver = service.user("leaver@example.org", None);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| leaver.delete("/api/v1/sessions/current").status);
        }
    });
    assert_eq!(admin.all("/api/v1/audit?action=signed_out").len(), 1);

    admin.post("/api/v1/projects", &json!({"slug": "short", "name": "Short"})).expect(201);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let answer = admin.delete("/api/v1/projects/short?confirm=Short");
                assert!([204, 404].contains(&answer.status), "{answer:?}");
            });
        }
    });
    assert_eq!(admin.all("/api/v1/audit?action=project_deleted").len(), 1);
}

fn the_trail_of_a_deleted_project_is_kept(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let made = admin.post("/api/v1/projects", &json!({"slug": "short", "name": "Short"}));
    let id = made.expect(201)["id"].as_str().unwrap().to_owned();
    let operator = service.user("operator@example.org", Some("operator"));
    admin.delete("/api/v1/projects/short?confirm=Short").expect_status(204);
    let trail = format!("/api/v1/audit?project={id}");
    assert_eq!(actions(&admin.all(&trail)), ["project_deleted", "project_created"]);
    let export = admin.get(&format!("/api/v1/audit/export?project={id}"));
    assert_eq!(export.text().lines().count(), 2);
    admin.get("/api/v1/audit?project=short").problem(404);
    operator.get(&trail).problem(404);
}

#[test]
fn a_refusal_that_could_not_be_sealed_is_sealed_the_next_time() {
    let service = Service::start(Database::sqlite());
    let (_, reader) = service.new_key(&["read"]);
    let lock = service.database().lock_writes();
    reader.get("/api/v1/audit").problem(403);
    let told = || service.log().iter().any(|it| it.to_string().contains("could not be sealed"));
    tests::eventually("it cannot be sealed", || told().then_some(()));
    drop(lock);
    let admin = service.admin();
    let sealed = || admin.all("/api/v1/audit?action=access_refused").len();
    assert_eq!(sealed(), 0);
    reader.get("/api/v1/audit").problem(403);
    tests::eventually("it is sealed", || (sealed() == 1).then_some(()));
}
