//! `Idempotency-Key`: the same request twice is one act.

use serde_json::{Value, json};
use tests::{Answer, Client, Database, KEY, Kind, PROJECT, Service, bodies, both};

both!(
    the_same_request_has_the_same_answer,
    another_request_is_refused,
    a_body_that_cannot_be_read_is_told_as_without_a_key,
    keys_of_two_callers_are_two_keys,
    who_may_no_more_gets_no_replay,
    a_deleted_project_answers_no_more,
    what_was_asked_cannot_be_guessed_at,
    at_once_is_once,
    making_a_project_forgets_no_answers,
    what_was_done_is_not_done_again,
    requests_of_one_id_are_told_apart,
    whose_turn_is_over_does_nothing,
    whoever_may_by_now_is_not_refused_again
);

fn post(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let fields = [("content-type", "application/json"), ("idempotency-key", key)];
    client.post_bytes(path, &fields, body.to_string().as_bytes())
}

fn the_same_request_has_the_same_answer(database: Database) {
    let mut service = Service::start(database);
    let keys = format!("{PROJECT}/keys");
    let body = json!({"name": "once", "scopes": ["read"]});
    let first = post(&service.key(), &keys, "k-1", &body).expect(201);
    assert_eq!(post(&service.key(), &keys, "k-1", &body).expect(201), first);
    service.restart();
    assert_eq!(post(&service.key(), &keys, "k-1", &body).expect(201), first);
    let named = service.key().all(&keys).iter().filter(|key| key["name"] == "once").count();
    assert_eq!(named, 1);

    let events = format!("{PROJECT}/invocations");
    let event = bodies::with(bodies::event("x"), json!({"event_id": null}));
    let receipt = post(&service.key(), &events, "k-2", &event).expect(200);
    assert_eq!(post(&service.key(), &events, "k-2", &event).expect(200), receipt);
    assert_eq!(service.key().all(&events).len(), 1);
}

fn making_a_project_forgets_no_answers(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let key = json!({"name": "once", "scopes": ["read"]});
    let keys = format!("{PROJECT}/keys");
    let made = post(&admin, &keys, "k-1", &key).expect(201);
    let project = json!({"name": "Trial 7"});
    let first = post(&admin, "/api/v1/projects", "k-2", &project).expect(201);
    assert_eq!(post(&admin, "/api/v1/projects", "k-2", &project).expect(201), first);
    assert_eq!(post(&admin, &keys, "k-1", &key).expect(201), made);
}

/// As after a crash between the change and the keeping of its answer.
fn what_was_done_is_not_done_again(database: Database) {
    let service = Service::start(database);
    let (key, keys) = (service.key(), format!("{PROJECT}/keys"));
    let body = json!({"name": "once", "scopes": ["read"]});
    let mend = keep_no_answers(service.database());
    post(&key, &keys, "k-1", &body).expect(201);
    post(&key, &keys, "k-2", &json!({"name": "", "scopes": []})).problem_4xx();
    for statement in mend {
        service.database().execute(&statement);
    }
    let soon = post(&key, &keys, "k-1", &body);
    assert_eq!(soon.header("retry-after"), Some("1"), "{soon:?}");
    soon.problem(409);
    let earlier = "UPDATE idempotency_keys SET created_at = created_at - 61000000";
    service.database().execute(earlier);
    post(&key, &keys, "k-1", &json!({"name": "two", "scopes": ["read"]})).problem(422);
    let lost = post(&key, &keys, "k-1", &body);
    assert_eq!(lost.header("retry-after"), None, "{lost:?}");
    assert!(lost.problem(409)["detail"].as_str().unwrap().contains("was done"));
    let named = key.all(&keys).iter().filter(|key| key["name"] == "once").count();
    assert_eq!(named, 1);
    // What was not done is done.
    post(&key, &keys, "k-2", &body).expect(201);
}

/// A request's id is the client's to choose: what is done under one says nothing of another request.
fn requests_of_one_id_are_told_apart(database: Database) {
    let service = Service::start(database);
    let keys = format!("{PROJECT}/keys");
    let body = json!({"name": "one", "scopes": ["read"]});
    let post = |key: &str, body: &Value| {
        let fields = [
            ("content-type", "application/json"),
            ("idempotency-key", key),
            ("x-request-id", "job-7"),
        ];
        service.key().post_bytes(&keys, &fields, body.to_string().as_bytes())
    };
    let mend = keep_no_answers(service.database());
    post("undone", &json!({"name": "", "scopes": []})).problem_4xx();
    post("done", &body).expect(201);
    for statement in mend {
        service.database().execute(&statement);
    }
    let earlier = "UPDATE idempotency_keys SET created_at = created_at - 61000000";
    service.database().execute(earlier);
    post("undone", &body).expect(201);
    post("done", &body).problem(409);
}

/// As if the process stood still for so long that its turn was given to another.
fn whose_turn_is_over_does_nothing(database: Database) {
    let service = Service::start(database);
    let keys = format!("{PROJECT}/keys");
    let body = json!({"name": "late", "scopes": ["read"]});
    let forget = "DELETE FROM idempotency_keys;";
    let mend = trigger(service.database(), ("AFTER INSERT", "api_keys"), (forget, forget));
    post(&service.key(), &keys, "k", &body).problem(503);
    for statement in mend {
        service.database().execute(&statement);
    }
    assert!(service.key().all(&keys).iter().all(|key| key["name"] != "late"));
    post(&service.key(), &keys, "k", &body).expect(201);
}

fn whoever_may_by_now_is_not_refused_again(database: Database) {
    let service = Service::start(database);
    let (admin, email) = (service.admin(), "later@researchflow.test");
    let user = service.user(email, None);
    let keys = format!("{PROJECT}/keys");
    let body = json!({"name": "one", "scopes": ["read"]});
    post(&user, &keys, "k", &body).problem(404);
    for (role, status) in [("viewer", 403), ("operator", 201)] {
        let member = json!({"email": email, "role": role});
        admin.json("PUT", &format!("{PROJECT}/members"), &member).expect(200);
        post(&user, &keys, "k", &body).expect_status(status);
    }
}

/// Returns what lets answers be kept again.
fn keep_no_answers(database: &Database) -> Vec<String> {
    let bodies = ("SELECT RAISE(FAIL, 'no');", "RAISE EXCEPTION ''no'';");
    trigger(database, ("BEFORE UPDATE OF status", "idempotency_keys"), bodies)
}

/// Has the database do something by itself; returns what ends that. `bodies` are SQLite's and
/// PostgreSQL's.
fn trigger(database: &Database, (when, table): (&str, &str), bodies: (&str, &str)) -> Vec<String> {
    let (make, mend) = match database.kind() {
        Kind::Sqlite => {
            let body = bodies.0;
            let make = format!("CREATE TRIGGER t {when} ON {table} BEGIN {body} END");
            (vec![make], vec!["DROP TRIGGER t".to_owned()])
        }
        Kind::Postgres => {
            let body = format!("'BEGIN {} RETURN NEW; END'", bodies.1);
            let function =
                format!("CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS {body}");
            let make = format!("CREATE TRIGGER t {when} ON {table} EXECUTE FUNCTION t()");
            let mend = [format!("DROP TRIGGER t ON {table}"), "DROP FUNCTION t".to_owned()];
            (vec![function, make], mend.to_vec())
        }
    };
    make.iter().for_each(|statement| database.execute(statement));
    mend
}

fn another_request_is_refused(database: Database) {
    let service = Service::start(database);
    let keys = format!("{PROJECT}/keys");
    post(&service.key(), &keys, "k", &json!({"name": "one", "scopes": ["read"]})).expect(201);
    post(&service.key(), &keys, "k", &json!({"name": "two", "scopes": ["read"]})).problem(422);
    post(&service.key(), &keys, &"k".repeat(1000), &json!({"name": "x", "scopes": []}))
        .problem_4xx();
    let two =
        [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")];
    service.key().post_bytes(&keys, &two, br#"{"name":"x","scopes":["read"]}"#).problem(400);
}

fn a_body_that_cannot_be_read_is_told_as_without_a_key(database: Database) {
    let service = Service::start(database);
    let head = format!(
        "POST {PROJECT}/keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n\
         content-type: application/json\r\nidempotency-key: k\r\nconnection: close\r\n"
    );
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\nx\r\n");
    service.raw(chunked.as_bytes()).problem(400);
    let large = vec![b' '; (4 << 20) + 1];
    let fields = [("content-type", "application/json"), ("idempotency-key", "large")];
    service.key().post_bytes(&format!("{PROJECT}/keys"), &fields, &large).problem(413);
}

fn keys_of_two_callers_are_two_keys(database: Database) {
    let service = Service::start(database);
    let (_, one) = service.new_key(&["manage", "read"]);
    let (_, two) = service.new_key(&["manage", "read"]);
    let keys = format!("{PROJECT}/keys");
    let first = post(&one, &keys, "k", &json!({"name": "one", "scopes": ["read"]})).expect(201);
    let second = post(&two, &keys, "k", &json!({"name": "two", "scopes": ["read"]})).expect(201);
    assert_ne!(first["id"], second["id"]);
}

fn who_may_no_more_gets_no_replay(database: Database) {
    let service = Service::start(database);
    let keys = format!("{PROJECT}/keys");
    let body = json!({"name": "once", "scopes": ["read"]});
    let email = "leaver@researchflow.test";
    let (member, admin) = (service.user(email, Some("operator")), service.admin());
    let elsewhere = service.nobody().sign_in(email, tests::PASSWORD);
    let elsewhere = elsewhere.with("cookie", &elsewhere.cookie());
    post(&member, &keys, "k", &body).expect(201);
    // A retry from another of their sessions is theirs as well.
    post(&elsewhere, &keys, "k", &body).expect(201);
    let role = |role: &str| {
        let member = json!({"email": email, "role": role});
        admin.json("PUT", &format!("{PROJECT}/members"), &member).expect(200)
    };
    let user_id = role("viewer")["user_id"].as_str().unwrap().to_owned();
    post(&member, &keys, "k", &body).problem(403);
    role("operator");
    post(&member, &keys, "k", &body).expect(201);
    admin.delete(&format!("{PROJECT}/members/{user_id}")).expect(204);
    post(&member, &keys, "k", &body).problem(404);

    let (id, key) = service.new_key(&["manage", "read"]);
    post(&key, &keys, "k", &body).expect(201);
    service.key().delete(&format!("{keys}/{id}")).expect(204);
    post(&key, &keys, "k", &body).problem(401);
}

fn at_once_is_once(database: Database) {
    let service = Service::start(database);
    let keys = format!("{PROJECT}/keys");
    let body = json!({"name": "at-once", "scopes": ["read"]});
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let answer = post(&service.key(), &keys, "k", &body);
                // Later ones get the first's answer, or hear that it is still under way.
                assert!([201, 409].contains(&answer.status), "{answer:?}");
            });
        }
    });
    let made = service.key().all(&keys).iter().filter(|key| key["name"] == "at-once").count();
    assert_eq!(made, 1);
}

fn a_deleted_project_answers_no_more(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    admin.post("/api/v1/projects", &json!({"name": "Short", "slug": "short"})).expect(201);
    let (keys, key) = ("/api/v1/projects/short/keys", json!({"name": "x", "scopes": ["manage"]}));
    let made = post(&admin, keys, "k", &key).expect(201);
    let theirs = service.nobody().with_key(made["key"].as_str().unwrap());
    post(&theirs, keys, "k", &key).expect(201);
    admin.delete("/api/v1/projects/short?confirm=Short").expect(204);
    post(&admin, keys, "k", &key).problem(404);
    post(&theirs, keys, "k", &key).problem_4xx();
}

fn what_was_asked_cannot_be_guessed_at(database: Database) {
    let service = Service::start(database);
    let (_, one) = service.new_key(&["manage", "read"]);
    let (_, other) = service.new_key(&["manage", "read"]);
    let keys = format!("{PROJECT}/keys");
    let body = json!({"name": "same", "scopes": ["read"]});
    for client in [one, other] {
        post(&client, &keys, "k", &body).expect(201);
    }
    let hashes = "SELECT count(DISTINCT request_hash) FROM idempotency_keys";
    assert_eq!(service.database().count(hashes), 2, "they tell that two asked the same");
}
