//! Accounts at their end and in old age; what is encrypted; texts that look like statements.

use serde_json::json;
use tests::{ADMIN, Database, PASSWORD, PROJECT, Service, bodies, both};

both!(
    a_disabled_user_is_out_at_once,
    a_password_may_be_long_and_grow_old,
    an_encrypted_answer_opens_in_its_own_place_alone,
    acts_are_told_to_the_log,
    a_text_is_only_a_text
);

const CURRENT: &str = "/api/v1/sessions/current";

fn a_disabled_user_is_out_at_once(database: Database) {
    let service = Service::start(database);
    let email = "leaver@researchflow.test";
    let (here, there) = (service.user(email, Some("viewer")), service.nobody());
    let there = there.sign_in(email, PASSWORD);
    let disabled = service.researchflow(&["admin", "user", "disable", "--email", email]);
    assert_eq!(disabled.code, 0, "{disabled:?}");
    for session in [here, there] {
        session.get(CURRENT).problem(401);
        session.get(PROJECT).problem(401);
    }
    let body = json!({"email": email, "password": PASSWORD});
    service.nobody().post("/api/v1/sessions", &body).problem(401);
}

fn a_password_may_be_long_and_grow_old(database: Database) {
    let service = Service::start(database);
    let email = "ancient@researchflow.test";
    let long =
        "Ünder the ol∂ oak, 7 owls -- they counted \u{1f989}; nobody, alas, listened to them!";
    assert!(long.chars().count() >= 64);
    let change = json!({"current": PASSWORD, "new": long});
    let user = service.user(email, None);
    user.json("PUT", "/api/v1/users/me/password", &change).expect(204);
    service.database().execute("UPDATE users SET created_at = 0");
    service.nobody().sign_in(email, long).get(CURRENT).expect(200);
    // Exactly as it was given: neither cut off nor in another case.
    for wrong in [&long[..60], &long.to_uppercase()] {
        let body = json!({"email": email, "password": wrong});
        service.nobody().post("/api/v1/sessions", &body).problem(401);
    }
}

fn an_encrypted_answer_opens_in_its_own_place_alone(database: Database) {
    let service = Service::start(database);
    let make = |key: &str| {
        let fields = [("content-type", "application/json"), ("idempotency-key", key)];
        let body = json!({"name": key, "scopes": ["read"]}).to_string();
        service.key().post_bytes(&format!("{PROJECT}/keys"), &fields, body.as_bytes())
    };
    let mine = make("mine").expect(201);
    make("theirs").expect(201);
    let of =
        |key: &str| format!("SELECT body FROM idempotency_keys WHERE idempotency_key = '{key}'");
    let swap = format!(
        "UPDATE idempotency_keys SET body = ({}) WHERE idempotency_key = 'theirs'",
        of("mine")
    );
    service.database().execute(&swap);
    make("theirs").problem(409);
    assert_eq!(make("mine").expect(201), mine);
}

fn acts_are_told_to_the_log(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let made = json!({"name": "told", "scopes": ["read"]});
    let made = admin.post(&format!("{PROJECT}/keys"), &made).expect(201);
    let id = made["id"].as_str().unwrap();
    let told = |line: &serde_json::Value| {
        line["target"] == "audit" && line["record"].as_str().unwrap().contains(id)
    };
    let line = || service.log().into_iter().find(told);
    let line = tests::eventually("the log tells of the key", line);
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
    let told: serde_json::Value = serde_json::from_str(line["record"].as_str().unwrap()).unwrap();
    assert_eq!(told, admin.all("/api/v1/audit?action=key_created")[0]["record"], "as sealed");
    assert!(told["occurred_at"].as_str().unwrap().ends_with('Z'), "{told}");

    let signed_in = &admin.all("/api/v1/audit?action=signed_in")[0]["record"];
    assert_eq!(signed_in["actor"]["kind"], "user");
    for text in [line.to_string(), signed_in.to_string()] {
        assert!(!text.contains(ADMIN) && !text.contains("rf_"), "ids alone: {text}");
    }
}

/// Everything that a query, a pattern or a statement could take for something else.
const TEXTS: [&str; 6] =
    ["' OR '1'='1", "x'; DROP TABLE projects; --", "100%", "a_b", "back\\slash", "${7*7}{{7*7}}"];

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn a_text_is_only_a_text(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    for (n, text) in TEXTS.iter().enumerate() {
        let event = bodies::with(bodies::event(&format!("e-{n}")), json!({"stage": text}));
        key.ingest(&event).expect(200);
    }
    key.ingest(&bodies::with(bodies::event("plain"), json!({"stage": "aXb"}))).expect(200);
    for (n, text) in TEXTS.iter().enumerate() {
        let text = percent_encoded(text);
        let found = key.all(&format!("{PROJECT}/invocations?stage={text}"));
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0]["event_id"], format!("e-{n}"));
        key.get(&format!("{PROJECT}/runs/{text}")).problem(404);
        key.get(&format!("/api/v1/projects/{text}")).problem(404);
    }
    assert_eq!(key.all(&format!("{PROJECT}/invocations")).len(), TEXTS.len() + 1);
}
