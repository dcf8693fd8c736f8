//! The second factor, from enrolling to turning it off.

use super::authenticator::{Enrolled, TOTP, code, enrol};
use serde_json::{Value, json};
use tests::{ADMIN, Answer, Database, PASSWORD, Service, both};

const CURRENT: &str = "/api/v1/sessions/current";

both!(
    a_second_factor_from_beginning_to_end,
    guessing_at_codes_is_slowed_down,
    a_second_factor_takes_the_password,
    a_conflict_is_no_failure,
    changing_it_takes_both_factors,
    changing_the_password_takes_both_factors,
    asking_for_a_code_keeps_the_session
);

fn sign_in(service: &Service, more: &Value) -> Answer {
    let mut body = json!({"email": ADMIN, "password": PASSWORD});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    service.nobody().post("/api/v1/sessions", &body)
}

fn needs_code(answer: &Answer) {
    let problem = answer.problem(401);
    assert_eq!(problem["type"], "/problems/second-factor-required", "{problem}");
    assert_eq!(answer.cookie(), None);
}

fn a_second_factor_from_beginning_to_end(database: Database) {
    let service = Service::start(database);
    let (admin, elsewhere) = (service.admin(), service.admin());
    assert_eq!(admin.get(TOTP).expect(200), json!({"enabled": false, "recovery_codes_left": 0}));
    // What is not confirmed is not asked for.
    let made = admin.post(TOTP, &json!({"password": PASSWORD})).expect(201);
    let uri = made["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/ResearchFlow:admin%40researchflow.test?secret="));
    sign_in(&service, &json!({})).expect(201);

    let before = admin.cookie();
    let Enrolled { secret, used, recovery_codes: codes } = enrol(&admin);
    assert_eq!(codes.len(), 10);
    assert_eq!(admin.get(TOTP).expect(200), json!({"enabled": true, "recovery_codes_left": 10}));
    elsewhere.get(CURRENT).problem(401);
    service.nobody().with("cookie", &before).get(CURRENT).problem(401);
    admin.post(TOTP, &json!({"password": PASSWORD})).problem(409);

    needs_code(&sign_in(&service, &json!({})));
    needs_code(&sign_in(&service, &json!({"totp": used})));
    let next = code(&secret, 1);
    sign_in(&service, &json!({"totp": next})).expect(201);
    needs_code(&sign_in(&service, &json!({"totp": next})));
    // Used while the clock was ahead.
    service.database().execute("UPDATE second_factors SET last_step = last_step + 3000");
    sign_in(&service, &json!({"totp": next})).expect(201);
    needs_code(&sign_in(&service, &json!({"totp": next})));
    let typed = codes[0].to_lowercase().replace('-', " ");
    sign_in(&service, &json!({"recovery_code": typed})).expect(201);
    needs_code(&sign_in(&service, &json!({"recovery_code": codes[0]})));
    assert_eq!(admin.get(TOTP).expect(200)["recovery_codes_left"], 9);

    let disable = format!("{TOTP}/disable");
    let both = json!({"password": PASSWORD, "recovery_code": codes[1]});
    admin.post(&disable, &both).expect(204);
    admin.post(&disable, &both).problem(409);
    sign_in(&service, &json!({})).expect(201);
    for (place, bytes) in service.database().at_rest() {
        for secret in codes.iter().chain([&secret]) {
            assert!(!bytes.windows(secret.len()).any(|at| at == secret.as_bytes()), "{place}");
        }
    }
}

fn guessing_at_codes_is_slowed_down(database: Database) {
    let service = Service::start(database);
    let Enrolled { secret, recovery_codes: codes, .. } = enrol(&service.admin());
    // To ask without a code is no failure, and pays for none.
    for _ in 0..4 {
        needs_code(&sign_in(&service, &json!({})));
        needs_code(&sign_in(&service, &json!({"totp": "12345"})));
    }
    needs_code(&sign_in(&service, &json!({"recovery_code": "AAAAAA-AAAAAA-AAAAAA-AAAAAA"})));
    super::delays::has_to_wait(&service);
    sign_in(&service, &json!({"totp": code(&secret, 1)})).problem(429);
    service.database().execute("UPDATE sign_in_failures SET blocked_until = 0");
    sign_in(&service, &json!({"recovery_code": codes[9]})).expect(201);
}

fn a_second_factor_takes_the_password(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    admin.post(TOTP, &json!({"password": "not the password"})).problem_at(422, "/password");
    admin.post(&format!("{TOTP}/confirm"), &json!({"code": "000000"})).problem(409);
    service.key().post(TOTP, &json!({"password": PASSWORD})).problem(403);
    service.nobody().get(TOTP).problem(401);
}

/// Nor does it make up for failures: else it would buy guesses at the other factor.
fn a_conflict_is_no_failure(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let failures = || service.database().count("SELECT max(failures) FROM sign_in_failures");
    let [confirm, renew, disable] =
        ["confirm", "recovery-codes", "disable"].map(|it| format!("{TOTP}/{it}"));
    let (right, wrong) = (json!({"password": PASSWORD}), json!({"password": "not the password"}));
    for (path, body) in
        [(&confirm, &json!({"code": "000000"})), (&renew, &right), (&disable, &right)]
    {
        for _ in 0..6 {
            admin.post(path, body).problem(409);
        }
    }
    assert_eq!(failures(), 0);
    enrol(&admin);
    admin.post(&disable, &wrong).problem_at(422, "/password");
    for _ in 0..6 {
        admin.post(TOTP, &right).problem(409);
    }
    assert_eq!(failures(), 1);
    admin.post(TOTP, &wrong).problem_at(422, "/password");
    assert_eq!(failures(), 2);
}

/// Neither a stolen cookie with the password, nor one with the app, is enough.
fn changing_it_takes_both_factors(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let Enrolled { recovery_codes: codes, .. } = enrol(&admin);
    let elsewhere = service
        .nobody()
        .sign_in_with(&json!({"email": ADMIN, "password": PASSWORD, "recovery_code": codes[0]}));
    let [renew, disable] = ["recovery-codes", "disable"].map(|it| format!("{TOTP}/{it}"));
    for path in [&renew, &disable] {
        let alone = json!({"recovery_code": codes[1]});
        admin.post(path, &alone).problem_at(422, "/password");
        let wrong = json!({"password": "not the password", "recovery_code": codes[1]});
        admin.post(path, &wrong).problem_at(422, "/password");
        admin.post(path, &json!({"password": PASSWORD})).problem_at(422, "/totp");
        let wrong = json!({"password": PASSWORD, "totp": "000000"});
        admin.post(path, &wrong).problem_at(422, "/totp");
    }
    assert_eq!(admin.get(TOTP).expect(200), json!({"enabled": true, "recovery_codes_left": 9}));

    let cookie = admin.cookie();
    service.database().execute("DELETE FROM sign_in_failures");
    let both = |code: &str| json!({"password": PASSWORD, "recovery_code": code});
    let renewed = admin.post(&renew, &both(&codes[1])).expect(200);
    let renewed = renewed["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(renewed.len(), 10);
    elsewhere.get(CURRENT).problem(401);
    service.nobody().with("cookie", &cookie).get(CURRENT).problem(401);
    // The old ones are worth nothing.
    admin.post(&disable, &both(&codes[2])).problem_at(422, "/recovery_code");
    admin.post(&disable, &both(renewed[0].as_str().unwrap())).expect(204);
    assert_eq!(admin.get(TOTP).expect(200), json!({"enabled": false, "recovery_codes_left": 0}));
    let audited = |action: &str| admin.all(&format!("/api/v1/audit?action={action}")).len();
    assert_eq!((audited("recovery_codes_replaced"), audited("recovery_code_used")), (1, 3));
}

fn changing_the_password_takes_both_factors(database: Database) {
    const PATH: &str = "/api/v1/users/me/password";
    let new = "zwölf Äpfel fielen nachts";
    let service = Service::start(database);
    let admin = service.admin();
    let Enrolled { secret, recovery_codes: codes, .. } = enrol(&admin);
    let change = |more: Value| {
        let mut body = json!({"current": PASSWORD, "new": new});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.json("PUT", PATH, &body)
    };
    change(json!({})).problem_at(422, "/totp");
    change(json!({"totp": "000000"})).problem_at(422, "/totp");
    change(json!({"recovery_code": "AAAA"})).problem_at(422, "/recovery_code");
    let wrong = json!({"current": "not it", "recovery_code": codes[0]});
    change(wrong).problem_at(422, "/current");
    change(json!({"totp": code(&secret, 1)})).expect(204);
    sign_in(&service, &json!({"recovery_code": codes[0]})).problem(401);
    sign_in(&service, &json!({"password": new, "recovery_code": codes[0]})).expect(201);
}

fn asking_for_a_code_keeps_the_session(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let Enrolled { recovery_codes: codes, .. } = enrol(&admin);
    let again = |more: Value| {
        let mut body = json!({"email": ADMIN, "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        service.nobody().with("cookie", &admin.cookie()).post("/api/v1/sessions", &body)
    };
    needs_code(&again(json!({})));
    needs_code(&again(json!({"totp": "000000"})));
    admin.get(CURRENT).expect(200);
    again(json!({"recovery_code": codes[0]})).expect(201);
    admin.get(CURRENT).problem(401);
}
