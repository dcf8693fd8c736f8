//! As whom somebody is let in, whom the provider knows.

use super::{CURRENT, EMAIL, Pair, acts, refused, signed_in};
use serde_json::{Value, json};
use tests::{ADMIN, Answer, Database, PASSWORD, PROJECT, both, eventually};

both!(
    an_account_is_linked_by_a_verified_email_once,
    an_unknown_person_has_no_account,
    an_unknown_person_gets_an_account_if_that_is_set,
    an_email_that_is_not_verified_links_nothing,
    an_email_that_looks_like_anothers_links_nothing,
    an_operator_links_an_account,
    a_second_factor_keeps_an_account_from_being_linked,
    a_disabled_user_stays_out,
    only_emails_of_listed_domains_are_linked
);

fn says(answer: &Answer, text: &str) {
    refused(answer, 403);
    assert!(answer.text().contains(text), "{answer:?}");
}

fn email_of(session: &tests::Client) -> Value {
    session.get(CURRENT).expect(200)["email"].clone()
}

fn an_account_is_linked_by_a_verified_email_once(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let (service, shouted) = (&pair.service, json!({"email": EMAIL.to_uppercase()}));
    assert_eq!(email_of(&signed_in(service, &pair.sign_in(&shouted))), EMAIL);
    // From now on the subject counts, whatever their email is.
    let renamed = json!({"email": ADMIN, "email_verified": false});
    assert_eq!(email_of(&signed_in(service, &pair.sign_in(&renamed))), EMAIL);
    // The email was given to somebody else.
    says(&pair.sign_in(&json!({"sub": "subject-2"})), "belongs to somebody else");
    assert_eq!(acts(service, "identity_linked"), 1);
    assert_eq!(acts(service, "sign_in_refused"), 1);

    let trail = service.admin().all("/api/v1/audit?action=signed_in");
    let by_provider = trail.iter().filter(|item| item["record"]["issuer"].is_string()).count();
    let told = serde_json::to_string(&trail).unwrap();
    assert_eq!(by_provider, 2, "{told}");
    assert!(told.contains(&pair.provider.issuer()) && !told.contains("subject-1"), "{told}");
}

fn an_unknown_person_has_no_account(database: Database) {
    let pair = Pair::start(database, &[]);
    says(&pair.sign_in(&json!({})), "There is no account with this email.");
    assert_eq!(pair.service.database().count("SELECT count(*) FROM users"), 1);
    assert_eq!(acts(&pair.service, "sign_in_refused"), 1);
}

fn an_unknown_person_gets_an_account_if_that_is_set(database: Database) {
    let pair = Pair::start(database, &[("RESEARCHFLOW_OIDC_SIGN_UP", "true")]);
    let service = &pair.service;
    let session = signed_in(service, &pair.sign_in(&json!({})));
    let user = session.get(CURRENT).expect(200);
    assert_eq!((&user["email"], &user["is_admin"]), (&json!(EMAIL), &json!(false)));
    session.get(PROJECT).problem(404);
    assert_eq!(session.get("/api/v1/projects").expect(200)["items"], json!([]));
    signed_in(service, &pair.sign_in(&json!({})));
    for (action, count) in [("user_created", 2), ("identity_linked", 1)] {
        assert_eq!(acts(service, action), count, "{action}");
    }
    // There is a password, which nobody knows.
    let guess = json!({"email": EMAIL, "password": PASSWORD});
    service.nobody().post("/api/v1/sessions", &guess).problem(401);
    says(&pair.sign_in(&json!({"sub": "subject-2", "email_verified": null})), "has not made sure");
    assert_eq!(service.database().count("SELECT count(*) FROM users"), 2);
}

fn an_email_that_is_not_verified_links_nothing(database: Database) {
    let pair = Pair::with_account(database, &[]);
    for claims in [
        json!({"email_verified": false}),
        json!({"email_verified": null}),
        json!({"email_verified": "true"}),
        json!({"email_verified": 1}),
        json!({"email": null}),
        json!({"email": "no address"}),
    ] {
        says(&pair.sign_in(&claims), "has not made sure of your email");
    }
}

fn an_email_that_looks_like_anothers_links_nothing(database: Database) {
    let pair = Pair::start(database, &[]);
    pair.service.database().create_user("karl@researchflow.test", PASSWORD);
    // The sign of Kelvin.
    let claims = json!({"email": "\u{212a}arl@researchflow.test"});
    says(&pair.sign_in(&claims), "has not made sure of your email");
    assert_eq!(pair.service.database().count("SELECT count(*) FROM user_identities"), 0);
}

fn an_operator_links_an_account(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let link = |email: &str, subject: &str| {
        let command = ["admin", "user", "link", "--email", email, "--subject", subject];
        pair.service.researchflow(&command)
    };
    assert_eq!(link(EMAIL, "subject-1").code, 0);
    let session = signed_in(&pair.service, &pair.sign_in(&json!({"email": null})));
    assert_eq!(email_of(&session), EMAIL);
    let nobody = "nobody@x.test";
    for (email, subject) in [(EMAIL, "subject-2"), (ADMIN, "subject-1"), (nobody, "x"), (ADMIN, "")]
    {
        assert_eq!(link(email, subject).code, 1, "{email} {subject}");
    }
    assert_eq!(acts(&pair.service, "identity_linked"), 1);
}

fn a_second_factor_keeps_an_account_from_being_linked(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let on = "INSERT INTO second_factors (user_id, secret, confirmed, last_step) \
              SELECT id, password_hash, true, 0 FROM users";
    let on = match pair.service.database().kind() {
        tests::Kind::Sqlite => on.to_owned(),
        tests::Kind::Postgres => on.replace("password_hash", "convert_to(password_hash, 'UTF8')"),
    };
    pair.service.database().execute(&format!("{on} WHERE email = '{EMAIL}'"));
    says(&pair.sign_in(&json!({})), "has a second factor");
    // Once an operator has linked it, the provider alone says who it is.
    let command = ["admin", "user", "link", "--email", EMAIL, "--subject", "subject-1"];
    assert_eq!(pair.service.researchflow(&command).code, 0);
    signed_in(&pair.service, &pair.sign_in(&json!({})));
}

fn a_disabled_user_stays_out(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let session = signed_in(&pair.service, &pair.sign_in(&json!({})));
    let disable = ["admin", "user", "disable", "--email", EMAIL];
    assert_eq!(pair.service.researchflow(&disable).code, 0);
    session.get(CURRENT).problem(401);
    says(&pair.sign_in(&json!({})), "This account is disabled.");
    says(&pair.sign_in(&json!({"sub": "subject-2"})), "This account is disabled.");
}

/// On PostgreSQL, where a sign-in may write while another transaction is under way.
#[test]
fn a_user_who_is_being_disabled_stays_out() {
    let pair = Pair::with_account(Database::postgres(), &[]);
    let database = pair.service.database();
    let answer = std::thread::scope(|scope| {
        scope.spawn(|| {
            database.execute(&format!(
                "BEGIN; UPDATE users SET disabled_at = 1 WHERE email = '{EMAIL}'; \
                 SELECT pg_sleep(3); COMMIT"
            ));
        });
        let asleep = "SELECT count(*) FROM pg_stat_activity \
                      WHERE datname = current_database() AND wait_event = 'PgSleep'";
        eventually("the change is under way", || (database.count(asleep) == 1).then_some(()));
        pair.sign_in(&json!({}))
    });
    says(&answer, "This account is disabled.");
    assert_eq!(database.count("SELECT count(*) FROM sessions"), 0);
}

fn only_emails_of_listed_domains_are_linked(database: Database) {
    let domains = [("RESEARCHFLOW_OIDC_EMAIL_DOMAINS", "clinic.test, ResearchFlow.test")];
    let pair = Pair::with_account(database, &domains);
    for email in ["x@elsewhere.test", "x@sub.clinic.test", "clinic.test@elsewhere.test"] {
        says(&pair.sign_in(&json!({ "email": email })), "of this domain");
    }
    signed_in(&pair.service, &pair.sign_in(&json!({})));
}
