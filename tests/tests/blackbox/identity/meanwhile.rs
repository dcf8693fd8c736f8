//! What was verified of somebody may change before anything follows from it: hashing takes time.

use super::authenticator::TOTP;
use serde_json::json;
use tests::{Database, Kind, PASSWORD, Service, both};

const EMAIL: &str = "somebody@researchflow.test";
const NEW: &str = "zwölf Äpfel fielen nachts";
/// What a change of password, an operator's reset and disabling do to the user.
const CHANGES: [&str; 3] =
    ["password_hash = 'another'", "password_expires_at = 1", "disabled_at = 1"];

both!(a_sign_in_by_what_has_changed_is_refused, nothing_follows_from_what_has_changed);

/// Has `change` happen to the user when an attempt is counted: whose it is was read before, and the
/// password is verified after.
fn with_every_attempt(service: &Service, change: &str) {
    let change = format!("UPDATE users SET {change} WHERE email = '{EMAIL}'");
    let when = "CREATE TRIGGER meanwhile AFTER UPDATE ON sign_in_failures";
    service.database().execute(&match service.database().kind() {
        Kind::Sqlite => format!("{when} BEGIN {change}; END"),
        Kind::Postgres => format!(
            "CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN {change}; RETURN NULL; END $$; {when} EXECUTE FUNCTION meanwhile()"
        ),
    });
}

/// From now on nothing happens any more, and the user is as they were, with the password `hash`.
fn as_before(service: &Service, hash: &str) {
    service.database().execute(match service.database().kind() {
        Kind::Sqlite => "DROP TRIGGER meanwhile",
        Kind::Postgres => "DROP FUNCTION meanwhile CASCADE",
    });
    service.database().execute(&format!(
        "UPDATE users SET password_hash = '{hash}', password_expires_at = NULL, disabled_at = NULL \
         WHERE email = '{EMAIL}'"
    ));
}

fn hash(service: &Service) -> String {
    let sql = format!("SELECT password_hash FROM users WHERE email = '{EMAIL}'");
    service.database().query(&sql)[0][0].clone()
}

fn a_sign_in_by_what_has_changed_is_refused(database: Database) {
    let service = Service::start(database);
    service.database().create_user(EMAIL, PASSWORD);
    let (body, hash) = (json!({"email": EMAIL, "password": PASSWORD}), hash(&service));
    for change in CHANGES {
        with_every_attempt(&service, change);
        let answer = service.nobody().post("/api/v1/sessions", &body);
        assert_eq!(answer.status, 401, "{change}: {answer:?}");
        assert_eq!(answer.problem(401)["detail"], "Email or password is wrong.");
        as_before(&service, &hash);
    }
    assert_eq!(service.database().count("SELECT count(*) FROM sessions"), 0);
    let failures = "SELECT max(failures) FROM sign_in_failures";
    assert_eq!(service.database().count(failures), 3, "each has failed");
    service.nobody().post("/api/v1/sessions", &body).expect(201);
}

fn nothing_follows_from_what_has_changed(database: Database) {
    let service = Service::start(database);
    let (user, before) = (service.user(EMAIL, None), hash(&service));
    let change = json!({"current": PASSWORD, "new": NEW});
    for (method, path, body, pointer) in [
        ("PUT", "/api/v1/users/me/password", change, "/current"),
        ("POST", TOTP, json!({"password": PASSWORD}), "/password"),
    ] {
        with_every_attempt(&service, CHANGES[0]);
        user.json(method, path, &body).problem_at(422, pointer);
        assert_eq!(hash(&service), "another");
        as_before(&service, &before);
    }
    assert_eq!(service.database().count("SELECT count(*) FROM second_factors"), 0);
}
