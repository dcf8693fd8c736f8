//! Whoever guesses from elsewhere does not keep an account's owner out where they are known.

use serde_json::json;
use tests::{ADMIN, Answer, Client, Database, PASSWORD, Service, both};

both!(a_known_device_is_not_kept_waiting, a_known_device_earns_no_guesses_at_others);

const OTHER: &str = "other@researchflow.test";
const NEW: &str = "zwölf Äpfel fielen nachts";

fn attempt(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/api/v1/sessions", &json!({"email": email, "password": password}))
}

/// The cookie that a first sign-in leaves with a device.
fn device(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
    let cookie = cookies.into_iter().find(|cookie| cookie.starts_with("researchflow_device="))?;
    for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    cookie.split(';').next().map(str::to_owned)
}

/// Fails five times; the wait that follows outlives the test.
fn lock_out(service: &Service, client: &Client, email: &str) {
    for _ in 0..5 {
        attempt(client, email, "a wrong one").problem(401);
    }
    super::delays::wait_is_long(service);
}

fn a_known_device_is_not_kept_waiting(database: Database) {
    let service = Service::start(database);
    let first = attempt(&service.nobody(), ADMIN, PASSWORD);
    first.expect(201);
    let cookie = device(&first).expect("a cookie for this device");
    let known = service.nobody().with("cookie", &cookie);

    lock_out(&service, &service.nobody(), ADMIN);
    let again = attempt(&known, ADMIN, PASSWORD);
    again.expect(201);
    assert_eq!(device(&again), None, "it is known already");
    // Others go on waiting.
    attempt(&service.nobody(), ADMIN, PASSWORD).problem(429);
    // Nor may the device guess for ever.
    lock_out(&service, &known, ADMIN);
    attempt(&known, ADMIN, PASSWORD).problem(429);

    service.database().execute("DELETE FROM sign_in_failures");
    let admin = service.admin();
    let change = json!({"current": PASSWORD, "new": NEW});
    admin.json("PUT", "/api/v1/users/me/password", &change).expect(204);
    // With another password no device is known any more.
    lock_out(&service, &service.nobody(), ADMIN);
    attempt(&known, ADMIN, NEW).problem(429);
}

fn a_known_device_earns_no_guesses_at_others(database: Database) {
    let service = Service::start(database);
    service.database().create_user(OTHER, PASSWORD);
    let cookie = device(&attempt(&service.nobody(), OTHER, PASSWORD)).expect("a cookie");
    let forged = format!("{}0", &cookie[..cookie.len() - 1]);
    let forged = if forged == cookie { format!("{cookie}0") } else { forged };
    lock_out(&service, &service.nobody(), ADMIN);
    attempt(&service.nobody().with("cookie", &cookie), ADMIN, PASSWORD).problem(429);
    service.database().execute("DELETE FROM sign_in_failures");
    lock_out(&service, &service.nobody(), OTHER);
    attempt(&service.nobody().with("cookie", &forged), OTHER, PASSWORD).problem(429);
    attempt(&service.nobody().with("cookie", &cookie), OTHER, PASSWORD).expect(201);
}
