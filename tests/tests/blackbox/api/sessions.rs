//! Signing in and out.

use serde_json::json;
use tests::{ADMIN, Database, PASSWORD, Service, both};

const CURRENT: &str = "/api/v1/sessions/current";

both!(
    a_session_lasts_from_sign_in_to_sign_out,
    a_refusal_tells_nothing,
    a_session_survives_a_restart
);

fn a_session_lasts_from_sign_in_to_sign_out(database: Database) {
    let service = Service::start(database);
    let body = json!({"email": ADMIN, "password": PASSWORD});
    let answer = service.nobody().post("/api/v1/sessions", &body);
    let session = answer.expect(201);
    assert_eq!(session["user"]["email"], ADMIN);
    assert!(session["user"]["id"].is_string() && session["expires_at"].is_string(), "{session}");
    let cookie = answer.header("set-cookie").unwrap().to_ascii_lowercase();
    for attribute in ["httponly", "samesite=", "path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }

    let admin = service.admin();
    assert_eq!(admin.get(CURRENT).expect(200)["email"], ADMIN);
    admin.delete(CURRENT).expect(204);
    admin.get(CURRENT).problem(401);
    service.nobody().get(CURRENT).problem(401);
}

fn a_refusal_tells_nothing(database: Database) {
    let service = Service::start(database);
    let refuse = |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        let mut problem = service.nobody().post("/api/v1/sessions", &body).problem(401);
        problem["instance"].take();
        problem
    };
    assert_eq!(refuse(ADMIN, "not the password"), refuse("nobody@researchflow.test", PASSWORD));
    let logs = format!("{:?}", service.log());
    assert!(!logs.contains("not the password") && !logs.contains(PASSWORD));
}

fn a_session_survives_a_restart(database: Database) {
    let mut service = Service::start(database);
    let body = json!({"email": ADMIN, "password": PASSWORD});
    let answer = service.nobody().post("/api/v1/sessions", &body);
    answer.expect(201);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    service.restart();
    service.nobody().with("cookie", &cookie).get(CURRENT).expect(200);
}
