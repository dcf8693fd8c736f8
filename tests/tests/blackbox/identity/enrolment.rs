//! Where a second factor is demanded, whoever has none reaches the way to one and nothing else.

use super::authenticator::{TOTP, enrol};
use serde_json::json;
use tests::{Answer, Database, PASSWORD, PROJECT, Service, bodies, both};

const SESSIONS: &str = "/api/v1/sessions";
const CURRENT: &str = "/api/v1/sessions/current";

both!(a_second_factor_is_demanded);

fn has_to_enrol(answer: &Answer) {
    let problem = answer.problem(403);
    assert_eq!(problem["type"], "/problems/second-factor-not-enrolled", "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains(TOTP), "it says what to do: {problem}");
}

fn a_second_factor_is_demanded(database: Database) {
    let demand = |value: &str, database| {
        Service::builder(database).env("RESEARCHFLOW_REQUIRE_SECOND_FACTOR", value).start()
    };
    let service = demand("true", database);
    let admin = service.admin();
    for path in [PROJECT, "/api/v1/projects", "/api/v1/audit", "/api/v1/nowhere"] {
        has_to_enrol(&admin.get(path));
    }
    has_to_enrol(&admin.post("/api/v1/projects", &json!({"name": "Not yet"})));
    let change = json!({"current": PASSWORD, "new": "zwölf Äpfel fielen nachts"});
    has_to_enrol(&admin.json("PUT", "/api/v1/users/me/password", &change));
    has_to_enrol(&admin.delete(SESSIONS));
    has_to_enrol(&admin.post_bytes("/v1/traces", &[], b""));
    // Not even the answer that somebody got before.
    let fields = [("content-type", "application/json"), ("idempotency-key", "k")];
    has_to_enrol(&admin.post_bytes("/api/v1/projects", &fields, b"{}"));

    admin.get(SESSIONS).expect(200);
    admin.get(CURRENT).expect(200);
    admin.get(TOTP).expect(200);
    let left = service.admin();
    left.delete(CURRENT).expect(204);
    left.get(CURRENT).problem(401);
    service.key().ingest(&bodies::event("keys-have-no-second-factor")).expect(200);

    // A secret that is due for renewal is not lost with a refusal.
    service.database().execute("UPDATE sessions SET renew_at = 0");
    has_to_enrol(&admin.get(PROJECT));
    service.database().execute("UPDATE sessions SET previous_until = 0");
    enrol(&admin);
    admin.get(PROJECT).expect(200);
    admin.post("/api/v1/projects", &json!({"name": "Now"})).expect(201);
}
