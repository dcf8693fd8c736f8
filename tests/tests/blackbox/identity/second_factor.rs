//! The second factor, with an authenticator of our own.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use std::time::{SystemTime, UNIX_EPOCH};
use tests::{ADMIN, Answer, Client, Database, PASSWORD, Service, both};

const TOTP: &str = "/api/v1/users/me/totp";
const CURRENT: &str = "/api/v1/sessions/current";

both!(
    a_second_factor_from_beginning_to_end,
    guessing_at_codes_is_slowed_down,
    a_second_factor_takes_the_password
);

/// What an authenticator app shows, some steps of thirty seconds from now (RFC 6238).
fn code(secret: &str, steps: i64) -> String {
    #[expect(clippy::disallowed_methods, reason = "an authenticator app has a clock of its own")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let key = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(&(now / 30 + steps).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

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

struct Enrolled {
    secret: String,
    /// The code that it was confirmed with.
    used: String,
    recovery_codes: Vec<String>,
}

/// Turns the second factor on.
fn enrol(client: &Client) -> Enrolled {
    let made = client.post(TOTP, &json!({"password": PASSWORD})).expect(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let uri = made["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/ResearchFlow:admin%40researchflow.test?secret="));
    let used = code(&secret, 0);
    let codes = client.post(&format!("{TOTP}/confirm"), &json!({"code": used})).expect(200);
    let codes = codes["recovery_codes"].as_array().unwrap().iter();
    let recovery_codes = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
    Enrolled { secret, used, recovery_codes }
}

fn a_second_factor_from_beginning_to_end(database: Database) {
    let service = Service::start(database);
    let (admin, elsewhere) = (service.admin(), service.admin());
    assert_eq!(admin.get(TOTP).expect(200), json!({"enabled": false, "recovery_codes_left": 0}));
    // What is not confirmed is not asked for.
    admin.post(TOTP, &json!({"password": PASSWORD})).expect(201);
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
    let typed = codes[0].to_lowercase().replace('-', " ");
    sign_in(&service, &json!({"recovery_code": typed})).expect(201);
    needs_code(&sign_in(&service, &json!({"recovery_code": codes[0]})));
    assert_eq!(admin.get(TOTP).expect(200)["recovery_codes_left"], 9);

    let disable = format!("{TOTP}/disable");
    admin.post(&disable, &json!({})).problem_at(422, "/totp");
    admin.post(&disable, &json!({"totp": "000000"})).problem_at(422, "/totp");
    admin.post(&disable, &json!({"recovery_code": codes[1]})).expect(204);
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
    // So long that the test does not outlive it.
    service.database().execute("UPDATE sign_in_failures SET blocked_until = 4000000000000000");
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
