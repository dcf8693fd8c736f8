//! Whoever guesses has to wait, longer and longer, at every process.

use serde_json::json;
use tests::{ADMIN, Answer, Client, Database, PASSWORD, Service, both};

const NOBODY: &str = "nobody@researchflow.test";

both!(
    guessing_at_an_account_is_slowed_down,
    guessing_from_an_address_is_slowed_down,
    guesses_side_by_side_are_all_counted,
    failures_leave_few_traces,
    a_wait_by_a_wrong_clock_is_over
);

fn attempt(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/api/v1/sessions", &json!({"email": email, "password": password}))
}

/// Seconds to wait, of a refusal that was made without looking at the password.
fn wait(answer: &Answer) -> u64 {
    answer.problem(429);
    answer.header("retry-after").unwrap().parse().unwrap()
}

fn waiting_is_over(service: &Service) {
    service.database().execute("UPDATE sign_in_failures SET blocked_until = 0");
}

/// Every wait that has begun lasts so long that no test outlives it.
pub(super) fn wait_is_long(service: &Service) {
    let sql = "UPDATE sign_in_failures SET blocked_until = blocked_until + 600000000
               WHERE blocked_until > 0";
    service.database().execute(sql);
}

/// Everybody who has failed has to wait, for longer than any test lasts.
pub(super) fn has_to_wait(service: &Service) {
    // A failure is remembered for a day.
    let sql = "UPDATE sign_in_failures SET blocked_until = expires_at - 86400000000 + 800000000";
    service.database().execute(sql);
}

fn guessing_at_an_account_is_slowed_down(database: Database) {
    let mut service = Service::start(database);
    for email in [ADMIN, NOBODY] {
        for _ in 0..5 {
            attempt(&service.nobody(), email, "a wrong one").problem(401);
        }
        wait_is_long(&service);
        // The right password is of no use now.
        wait(&attempt(&service.nobody(), email, PASSWORD));
    }
    for (failures, seconds) in [(8, 16), (12, 256), (30, 900)] {
        let sql = format!("UPDATE sign_in_failures SET blocked_until = 0, failures = {failures}");
        service.database().execute(&sql);
        attempt(&service.nobody(), ADMIN, "a wrong one").problem(401);
        let waited = wait(&attempt(&service.nobody(), ADMIN, PASSWORD));
        assert!((seconds / 2..=seconds).contains(&waited), "{failures}: {waited}");
    }
    service.restart();
    wait(&attempt(&service.nobody(), ADMIN, PASSWORD));
    service.database().execute("DELETE FROM sign_in_failures");
    for _ in 0..2 {
        for _ in 0..4 {
            attempt(&service.nobody(), ADMIN, "forgotten by a right one").problem(401);
        }
        attempt(&service.nobody(), ADMIN, PASSWORD).expect(201);
    }
}

fn guessing_from_an_address_is_slowed_down(database: Database) {
    let service = Service::start(database);
    for n in 0..20 {
        attempt(&service.nobody(), &format!("user-{n}@x.test"), PASSWORD).problem(401);
        // Whoever has an account does not earn guesses at others by it.
        if n < 19 {
            attempt(&service.nobody(), ADMIN, PASSWORD).expect(201);
        }
    }
    wait_is_long(&service);
    wait(&attempt(&service.nobody(), ADMIN, PASSWORD));
    waiting_is_over(&service);
    attempt(&service.nobody(), ADMIN, PASSWORD).expect(201);
}

fn guesses_side_by_side_are_all_counted(database: Database) {
    let service = Service::start(database);
    let guess = || attempt(&service.nobody(), ADMIN, "a wrong one").status;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(guess)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    let counted = "SELECT count(*) FROM sign_in_failures WHERE failures >= 5";
    assert_eq!(service.database().count(counted), 2, "{statuses:?}");
    let sum = "SELECT max(failures) FROM sign_in_failures";
    assert_eq!(service.database().count(sum), looked_at, "{statuses:?}");
}

/// Counted while the clock was ten hours ahead.
fn a_wait_by_a_wrong_clock_is_over(database: Database) {
    let service = Service::start(database);
    for _ in 0..6 {
        attempt(&service.nobody(), ADMIN, "a wrong one").problem_4xx();
    }
    let later = "UPDATE sign_in_failures SET blocked_until = blocked_until + 36000000000";
    service.database().execute(later);
    attempt(&service.nobody(), ADMIN, PASSWORD).expect(201);
}

fn failures_leave_few_traces(database: Database) {
    let service = Service::start(database);
    for _ in 0..3 {
        for _ in 0..8 {
            attempt(&service.nobody(), ADMIN, "a wrong one").problem_4xx();
        }
        waiting_is_over(&service);
    }
    let audited = |action: &str| {
        let sql = format!("SELECT count(*) FROM audit_events WHERE action = '{action}'");
        service.database().count(&sql)
    };
    assert_eq!((audited("sign_in_refused"), audited("sign_in_blocked")), (1, 1));
    let admin = service.admin();
    let user_id = &admin.get("/api/v1/sessions/current").expect(200)["id"];
    let record = |action: &str| {
        admin.all(&format!("/api/v1/audit?action={action}")).remove(0)["record"].clone()
    };
    assert_eq!(record("sign_in_refused")["user_id"], *user_id);
    let blocked = record("sign_in_blocked");
    assert_eq!((&blocked["user_id"], &blocked["delayed"]), (user_id, &json!("account")));
    attempt(&service.nobody(), NOBODY, PASSWORD).problem(401);
    assert_eq!(record("sign_in_refused")["user_id"], json!(null));
    for (place, bytes) in service.database().at_rest() {
        assert!(!bytes.windows(NOBODY.len()).any(|at| at == NOBODY.as_bytes()), "{place}");
    }
    // What is old goes with the next attempt.
    service.database().execute("UPDATE sign_in_failures SET expires_at = 0");
    attempt(&service.nobody(), NOBODY, PASSWORD).problem(401);
    assert_eq!(service.database().count("SELECT count(*) FROM sign_in_failures"), 2);
}
