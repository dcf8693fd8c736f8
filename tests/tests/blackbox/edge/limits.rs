//! Quotas: by key, by address, by account, each apart; and the setting that changes them.

use super::flood::{Fields, flood, is_refused};
use serde_json::json;
use std::time::Instant;
use tests::{ADMIN, Client, Database, PASSWORD, PROJECT, Service, bodies, both};

both!(
    a_flood_gets_its_quota_and_no_more,
    a_key_has_a_quota_of_its_own,
    a_key_s_own_quota_counts_where_its_class_has_none,
    invented_keys_count_on_the_address,
    invented_keys_gain_nothing_where_events_are_sent,
    what_was_a_session_counts_on_the_address,
    sign_ins_are_few_from_an_address,
    sign_ins_are_few_for_an_account
);

const LIMITS: &str = "RESEARCHFLOW_RATE_LIMITS";
const PROXIES: &str = "RESEARCHFLOW_TRUSTED_PROXIES";

/// With the limits that it has if nobody sets any.
fn limited(database: Database) -> Service {
    Service::builder(database).env(LIMITS, "").start()
}

/// A credential counts on the address too until it was found for the first time.
fn make_known(client: &Client) {
    client.get(PROJECT).expect(200);
}

fn a_flood_gets_its_quota_and_no_more(database: Database) {
    let service = limited(database);
    let (_, other) = service.new_key(&["read"]);
    let (_, client) = service.new_key(&["read"]);
    make_known(&other);
    make_known(&client);
    let flood = flood(&[&client], PROJECT, 200);
    flood.used(100, 60);
    for answer in &flood.answers {
        let fields = Fields::of(answer);
        assert_eq!((&*fields.class, fields.quota, fields.window), ("api", 100, 60));
        if answer.status == 429 {
            assert_eq!(fields.remaining, 0, "{answer:?}");
            is_refused(answer, 60);
        } else {
            assert!(answer.header("retry-after").is_none(), "{answer:?}");
        }
    }
    other.get(PROJECT).expect(200);
    for path in ["/health", "/ready", "/metrics"] {
        let probes = self::flood(&[&client, &service.nobody()], path, 150);
        assert_eq!(probes.count(200), 300, "{path}");
        assert!(probes.answers.iter().all(|it| it.header("ratelimit").is_none()), "{path}");
    }
}

fn a_key_has_a_quota_of_its_own(database: Database) {
    let service = limited(database);
    let keys = format!("{PROJECT}/keys");
    let body = |quota: &str| json!({"name": "slow", "scopes": ["read"], "quota": quota});
    let made = service.key().post(&keys, &body("5/60")).expect(201);
    assert_eq!(made["quota"], "5/60");
    let client = service.nobody().with_key(made["key"].as_str().unwrap());
    make_known(&client);
    let flood = flood(&[&client], PROJECT, 40);
    flood.used(5, 60);
    for answer in &flood.answers {
        let fields = Fields::of(answer);
        assert_eq!((fields.quota, fields.window), (5, 60));
    }
    for quota in ["", "5", "0/60", "5/0", "-1/60", "10001/1", "often"] {
        service.key().post(&keys, &body(quota)).problem_at(422, "/quota");
    }
}

fn invented_keys_count_on_the_address(database: Database) {
    let service = Service::builder(database).env(LIMITS, "api=20/36000").start();
    let client = service.key();
    make_known(&client);
    for n in 0..19 {
        let key = if n % 2 == 0 { format!("invented-{n}") } else { format!("rf_{n}_{n}") };
        service.nobody().with_key(&key).get(PROJECT).problem(401);
    }
    is_refused(&service.nobody().with_key("invented-once-more").get(PROJECT), 1800);
    is_refused(&service.nobody().get("/"), 1800);
    client.get(PROJECT).expect(200);
}

fn a_key_s_own_quota_counts_where_its_class_has_none(database: Database) {
    let service = Service::builder(database).env(LIMITS, "api=off").start();
    let key = json!({"name": "slow", "scopes": ["read"], "quota": "2/36000"});
    let made = service.key().post(&format!("{PROJECT}/keys"), &key).expect(201);
    let client = service.nobody().with_key(made["key"].as_str().unwrap());
    client.get(PROJECT).expect(200);
    client.get(PROJECT).expect(200);
    is_refused(&client.get(PROJECT), 18000);
    service.key().get(PROJECT).expect(200);
}

fn invented_keys_gain_nothing_where_events_are_sent(database: Database) {
    let service = Service::builder(database).env(LIMITS, "api=10/36000,ingest=1000/60").start();
    let (_, known) = service.new_key(&["ingest"]);
    make_known(&service.key());
    known.ingest(&bodies::event("x")).expect(200);
    for path in [&*format!("{PROJECT}/invocations"), "/v1/traces"] {
        let invented = service.nobody().with_key(&format!("rf_{}_x", path.len()));
        let refused = || invented.post(path, &json!({}));
        let statuses: Vec<u16> = (0..12).map(|_| refused().status).collect();
        assert!(statuses.ends_with(&[429, 429]), "{path}: {statuses:?}");
        is_refused(&refused(), 3600);
    }
    is_refused(&service.nobody().post("/nowhere/invocations", &json!({})), 3600);
    is_refused(&service.nobody().post("/v1/traces", &json!({})), 3600);
    known.ingest(&bodies::event("y")).expect(200);
    // Whoever comes with a key for the first time does not wait for strangers at his address; he
    // counts there until he is known.
    service.key().get(PROJECT).expect(200);
}

fn what_was_a_session_counts_on_the_address(database: Database) {
    let service = Service::builder(database).env(LIMITS, "api=20/36000,console=40/36000").start();
    let sign_in = || service.nobody().sign_in(ADMIN, PASSWORD);
    let (left, stays) = (sign_in(), sign_in());
    // One that keeps its cookie, whatever it is told.
    let left = left.with("cookie", &left.cookie());
    left.get("/api/v1/projects").expect(200);
    stays.get("/api/v1/projects").expect(200);
    left.delete("/api/v1/sessions/current").expect(204);
    let refused = (0..40).map(|_| left.get("/api/v1/projects")).find(|answer| answer.status == 429);
    assert_eq!(Fields::of(&refused.expect("it is limited")).class, "api");
    stays.get("/api/v1/projects").expect(200);
}

/// Signs in until it is refused; how often it was not is the quota and what was earned meanwhile.
fn sign_ins(mut attempt: impl FnMut(usize) -> tests::Answer) {
    let started = Instant::now();
    let refused = (0..20).find_map(|n| {
        let answer = attempt(n);
        (answer.status == 429).then_some((n, answer))
    });
    let (passed, answer) = refused.expect("sign-ins are limited");
    let earned = started.elapsed().as_secs() as usize / 60;
    assert!((5..=5 + earned).contains(&passed), "{passed} of 5 and {earned}");
    is_refused(&answer, 300);
}

fn sign_ins_are_few_from_an_address(database: Database) {
    let service = Service::builder(database).env(LIMITS, "").env(PROXIES, "1").start();
    let at = |address: &str, email: &str| {
        let body = json!({"email": email, "password": PASSWORD});
        service.nobody().with("x-forwarded-for", address).post("/api/v1/sessions", &body)
    };
    sign_ins(|n| at("192.0.2.1", &format!("user-{n}@x.test")));
    at("192.0.2.2", ADMIN).expect(201);
}

fn sign_ins_are_few_for_an_account(database: Database) {
    let service = Service::builder(database).env(LIMITS, "").env(PROXIES, "1").start();
    let at = |n: usize, email: &str| {
        let body = json!({"email": email, "password": PASSWORD});
        let address = format!("192.0.2.{n}");
        service.nobody().with("x-forwarded-for", &address).post("/api/v1/sessions", &body)
    };
    // The right password each time: it is not the failures that are counted here.
    sign_ins(|n| at(n, ADMIN));
    at(99, "user@x.test").problem(401);
}

#[test]
fn a_limit_that_cannot_be_read_stops_the_start() {
    for (setting, fault) in [
        ("api=0/60", "api=0/60"),
        ("api=100/60,ingest", "ingest"),
        ("apo=100/60", "apo"),
        ("api=1/1,api=2/1", "twice"),
        ("api=100 per minute", "api=100 per minute"),
    ] {
        let refused = Service::builder(Database::sqlite()).env(LIMITS, setting).refused();
        assert_ne!(refused.code, 0, "{setting}");
        let line = refused.complaint.lines().find(|line| line.contains(LIMITS));
        assert!(line.is_some_and(|line| line.contains(fault)), "{setting}: {refused:?}");
    }
}

#[test]
fn production_has_limits() {
    let builder = Service::builder(Database::sqlite()).env("RESEARCHFLOW_ENV", "production");
    let refused = builder.env(LIMITS, "off").refused();
    assert_ne!(refused.code, 0);
    let fault = format!("{LIMITS} must not be off in production");
    assert!(refused.complaint.contains(&fault), "{refused:?}");
}

/// What is refused for its address does not use up the account's sign-ins.
#[test]
fn a_refused_address_locks_nobody_out() {
    let builder = Service::builder(Database::sqlite());
    let service = builder.env(LIMITS, "auth=5/36000").env(PROXIES, "1").start();
    let at = |address: &str, email: &str| {
        let body = json!({"email": email, "password": PASSWORD});
        service.nobody().with("x-forwarded-for", address).post("/api/v1/sessions", &body)
    };
    for n in 0..5 {
        at("192.0.2.1", &format!("user-{n}@x.test")).problem(401);
    }
    let refused = at("192.0.2.1", ADMIN);
    refused.problem(429);
    for name in ["ratelimit", "ratelimit-policy"] {
        assert!(refused.header(name).is_some_and(|it| it.contains("\"auth\"")), "{refused:?}");
    }
    for _ in 0..5 {
        at("192.0.2.1", ADMIN).problem(429);
    }
    at("192.0.2.2", ADMIN).expect(201);
}
