//! Changing one's password.

use serde_json::json;
use tests::{ADMIN, Database, PASSWORD, Service, both};

const PATH: &str = "/api/v1/users/me/password";
const CURRENT: &str = "/api/v1/sessions/current";
const NEW: &str = "zwölf Äpfel fielen nachts";

both!(
    a_change_ends_every_other_session,
    weak_passwords_are_refused,
    a_failure_is_sealed_as_the_users,
    nothing_is_looked_at_while_one_has_to_wait
);

fn a_change_ends_every_other_session(database: Database) {
    let service = Service::start(database);
    let (here, there) = (service.admin(), service.admin());
    let stolen = here.cookie();
    let change =
        |current: &str, new: &str| here.json("PUT", PATH, &json!({"current": current, "new": new}));
    change("not my password at all", NEW).problem_at(422, "/current");
    there.get(CURRENT).expect(200);
    change(PASSWORD, NEW).expect(204);
    there.get(CURRENT).problem(401);
    service.nobody().with("cookie", &stolen).get(CURRENT).problem(401);
    here.get(CURRENT).expect(200);

    let old = json!({"email": ADMIN, "password": PASSWORD});
    service.nobody().post("/api/v1/sessions", &old).problem(401);
    // The same letters, composed by another keyboard.
    let decomposed = NEW.replace('ö', "o\u{308}").replace('Ä', "A\u{308}");
    service.nobody().sign_in(ADMIN, &decomposed).get(CURRENT).expect(200);
    for (place, bytes) in service.database().at_rest() {
        assert!(!bytes.windows(NEW.len()).any(|at| at == NEW.as_bytes()), "{place}");
    }
}

fn weak_passwords_are_refused(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    for (new, why) in [
        ("kq7!Zw_x9", "must have 15 to 128 characters"),
        ("passwordpassword", "is too easy to guess"),
        ("researchflow-2026", "is too easy to guess"),
        ("admin@researchflow.test", "is too easy to guess"),
        (&"kq7!Zw_x9".repeat(20), "must have 15 to 128 characters"),
        (PASSWORD, "must be another one"),
    ] {
        let answer = admin.json("PUT", PATH, &json!({"current": PASSWORD, "new": new}));
        let problem = answer.problem_at(422, "/new");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
    }
    let body = json!({"current": PASSWORD, "new": NEW});
    service.key().json("PUT", PATH, &body).problem(403);
    service.nobody().json("PUT", PATH, &body).problem(401);
}

/// To look at a new password costs more than at the present one.
fn nothing_is_looked_at_while_one_has_to_wait(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let change =
        |current: &str| admin.json("PUT", PATH, &json!({"current": current, "new": "weak"}));
    let failures = || service.database().count("SELECT max(failures) FROM sign_in_failures");
    change("not my password at all").problem_at(422, "/current");
    assert_eq!(failures(), 1);
    // Whoever has the right one and no good new one has failed at nothing.
    for _ in 0..6 {
        change(PASSWORD).problem_at(422, "/new");
    }
    assert_eq!(failures(), 1);
    super::delays::has_to_wait(&service);
    change(PASSWORD).problem(429);
}

fn a_failure_is_sealed_as_the_users(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let body = json!({"current": "not my password at all", "new": NEW});
    admin.json("PUT", PATH, &body).problem_at(422, "/current");
    let [refused] = admin.all("/api/v1/audit?action=sign_in_refused").try_into().unwrap();
    let user = admin.get(CURRENT).expect(200)["id"].clone();
    assert_eq!(refused["record"]["actor"], json!({"kind": "user", "id": user}));
}
