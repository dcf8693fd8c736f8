//! What operators do for users who cannot help themselves.

use super::authenticator::{TOTP, enrol};
use serde_json::json;
use tests::{Answer, Client, Database, Outcome, PASSWORD, Service, both};

const CURRENT: &str = "/api/v1/sessions/current";
const EMAIL: &str = "forgetful@researchflow.test";
const NEW: &str = "zwölf Äpfel fielen nachts";

both!(
    a_forgotten_password_is_reset,
    a_password_that_was_made_ends,
    a_lost_second_factor_is_reset,
    a_disabled_user_is_let_in_again,
    the_first_user_is_made_before_the_first_start
);

fn command(service: &Service, name: &str, more: &[&str]) -> Outcome {
    let arguments = [&["admin", "user", name, "--email", EMAIL], more].concat();
    service.database().researchflow(&arguments)
}

fn done(outcome: &Outcome) {
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

fn sign_in(service: &Service, password: &str) -> Answer {
    let body = json!({"email": EMAIL, "password": password});
    service.nobody().post("/api/v1/sessions", &body)
}

fn audited(admin: &Client, action: &str) {
    let list = admin.all(&format!("/api/v1/audit?action={action}"));
    assert_eq!(list.len(), 1, "{action}: {list:?}");
    assert_eq!(list[0]["record"]["actor"]["kind"], "operator", "{action}");
}

fn a_forgotten_password_is_reset(database: Database) {
    let service = Service::start(database);
    let user = service.user(EMAIL, None);
    for _ in 0..5 {
        sign_in(&service, "a wrong one").problem(401);
    }
    let made = command(&service, "reset-password", &[]);
    done(&made);
    let password = made.text.split_whitespace().last().unwrap().to_owned();
    user.get(CURRENT).problem(401);
    sign_in(&service, PASSWORD).problem(401);
    // The failures before are forgotten: nobody has to wait.
    sign_in(&service, &password).expect(201);
    audited(&service.admin(), "password_reset");

    let file = service.database().folder().join("password");
    std::fs::write(&file, format!("{NEW}\n")).unwrap();
    let given = command(&service, "reset-password", &["--password-file", file.to_str().unwrap()]);
    done(&given);
    assert!(!given.text.contains(NEW), "what was given is not shown: {given:?}");
    sign_in(&service, &password).problem(401);
    sign_in(&service, NEW).expect(201);
    std::fs::write(&file, "short").unwrap();
    let refused = command(&service, "reset-password", &["--password-file", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let nobody = ["admin", "user", "reset-password", "--email", "nobody@researchflow.test"];
    let nobody = service.database().researchflow(&nobody);
    assert_eq!(nobody.code, 1);
    assert!(nobody.complaint.contains("There is no user nobody@researchflow.test."), "{nobody:?}");
}

fn a_password_that_was_made_ends(database: Database) {
    let service = Service::start(database);
    let made = command(&service, "create", &[]);
    done(&made);
    let password = made.text.split_whitespace().last().unwrap().to_owned();
    let signed_in = sign_in(&service, &password).expect(201);
    let expires_at = signed_in["user"]["password_expires_at"].as_str().expect("an end").to_owned();
    let user = service.nobody().sign_in(EMAIL, &password);
    assert_eq!(user.get(CURRENT).expect(200)["password_expires_at"], expires_at.as_str());

    // A day later.
    service.database().execute(&format!(
        "UPDATE users SET password_expires_at = password_expires_at - 86400000000
         WHERE email = '{EMAIL}'"
    ));
    let ended = sign_in(&service, &password).problem(401);
    assert_eq!(ended["detail"], "This password was good for a day. Ask for another.");
    // Only who knows the password learns that.
    let wrong = sign_in(&service, "a wrong one").problem(401);
    assert_eq!(wrong["detail"], "Email or password is wrong.");
    // Whoever is signed in may still choose their own.
    let change = json!({"current": password, "new": NEW});
    user.json("PUT", "/api/v1/users/me/password", &change).expect_status(204);
    let signed_in = sign_in(&service, NEW).expect(201);
    assert_eq!(signed_in["user"].get("password_expires_at"), None);
    // What an operator chose is good until another is chosen.
    let file = service.database().folder().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    done(&command(&service, "reset-password", &["--password-file", file.to_str().unwrap()]));
    let signed_in = sign_in(&service, PASSWORD).expect(201);
    assert_eq!(signed_in["user"].get("password_expires_at"), None);
}

fn a_lost_second_factor_is_reset(database: Database) {
    let service = Service::start(database);
    let user = service.user(EMAIL, None);
    enrol(&user);
    assert_eq!(
        sign_in(&service, PASSWORD).problem(401)["type"],
        "/problems/second-factor-required"
    );
    done(&command(&service, "reset-second-factor", &[]));
    user.get(CURRENT).problem(401);
    let user = service.nobody().sign_in(EMAIL, PASSWORD);
    assert_eq!(user.get(TOTP).expect(200), json!({"enabled": false, "recovery_codes_left": 0}));
    audited(&service.admin(), "second_factor_reset");
    let none = command(&service, "reset-second-factor", &[]);
    assert_eq!(none.code, 1);
    assert!(none.complaint.contains("has no second factor"), "{none:?}");
}

fn a_disabled_user_is_let_in_again(database: Database) {
    let service = Service::start(database);
    let user = service.user(EMAIL, Some("viewer"));
    done(&command(&service, "disable", &[]));
    sign_in(&service, PASSWORD).problem(401);
    done(&command(&service, "enable", &[]));
    user.get(CURRENT).problem(401);
    sign_in(&service, PASSWORD).expect(201);
    audited(&service.admin(), "user_enabled");
}

fn the_first_user_is_made_before_the_first_start(database: Database) {
    std::fs::create_dir_all(database.data_dir()).unwrap();
    done(&database.researchflow(&["migrate", "up"]));
    done(&database.researchflow(&["admin", "user", "create", "--email", EMAIL, "--admin"]));
    done(&database.researchflow(&["ledger", "verify"]));
    assert_eq!(database.count("SELECT COUNT(*) FROM users"), 1);
    Service::start(database).nobody().get("/ready").expect(200);
}
