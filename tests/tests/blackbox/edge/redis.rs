//! Redis makes quotas one over all processes, and nobody notices when it is gone.

use super::flood::{flood, is_refused};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use tests::{Client, Database, PROJECT, Redis, RedisOverTls, Service, eventually};

const LIMITS: &str = "RESEARCHFLOW_RATE_LIMITS";

fn with_redis(database: Database, redis: &Redis, limits: &str) -> Service {
    Service::builder(database).env("REDIS_URL", &redis.url()).env(LIMITS, limits).start()
}

/// What `/metrics` says of Redis.
fn up(service: &Service) -> Option<bool> {
    let metrics = service.nobody().get("/metrics").text();
    let line =
        metrics.lines().find(|line| line.starts_with("researchflow_rate_limit_redis_up "))?;
    Some(line.ends_with(" 1"))
}

/// Asks all the time, four at once, while `what` happens; no answer is a fault of the service's.
fn under_requests(client: &Client, what: impl FnOnce()) {
    let done = AtomicBool::new(false);
    let ask = || {
        while !done.load(Relaxed) {
            let answer = client.get(PROJECT);
            assert!(answer.status < 500, "{answer:?}");
        }
    };
    /// Ends the threads even if `what` panics.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    thread::scope(|scope| {
        let _done = Done(&done);
        (0..4).for_each(|_| drop(scope.spawn(ask)));
        what();
    });
}

fn is(service: &Service, expected: bool) {
    let what = if expected { "Redis is used" } else { "Redis is not used" };
    eventually(what, || (up(service)? == expected).then_some(()));
}

#[test]
fn two_processes_share_a_quota() {
    let redis = Redis::start();
    let limits = "api=50/36000";
    let first = with_redis(Database::postgres(), &redis, limits);
    let second = first.beside().start();
    let clients = [first.key(), second.key()];
    // Known to both from here on, so that it counts as itself alone.
    clients.iter().for_each(|client| drop(client.get(PROJECT).expect(200)));
    let ask = |n: usize| clients[n % 2].get(PROJECT).status;
    let statuses: Vec<u16> = (0..150).map(ask).collect();
    let passed = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(passed + refused, 150, "{statuses:?}");
    // A request that Redis is too slow for counts at its process alone. Alone, both would let 50 pass.
    assert!((48..75).contains(&passed), "{passed}");
}

#[test]
fn without_redis_nothing_is_said_of_it() {
    let service = Service::start(Database::sqlite());
    assert_eq!(up(&service), None);
}

#[test]
fn redis_may_be_killed() {
    let mut redis = Redis::start();
    let service = with_redis(Database::sqlite(), &redis, "api=10000/1");
    under_requests(&service.key(), || {
        is(&service, true);
        for _ in 0..2 {
            redis.kill();
            is(&service, false);
            redis.restart();
            is(&service, true);
        }
    });
}

#[test]
fn redis_may_hang() {
    let redis = Redis::start();
    let service = with_redis(Database::sqlite(), &redis, "api=10000/1");
    under_requests(&service.key(), || {
        is(&service, true);
        redis.freeze();
        is(&service, false);
        redis.thaw();
        is(&service, true);
    });
}

#[test]
fn redis_may_be_absent_at_the_start() {
    let mut redis = Redis::start();
    redis.kill();
    let service = with_redis(Database::sqlite(), &redis, "api=10000/1");
    assert_eq!(up(&service), Some(false));
    under_requests(&service.key(), || {
        redis.restart();
        is(&service, true);
    });
}

#[test]
fn why_redis_cannot_be_used_is_told_once() {
    let redis = Redis::start();
    assert_eq!(redis.ask("ACL SETUSER service on >other ~* &* +@all"), "+OK");
    let url = redis.url().replace("redis://", "redis://service:staple@");
    let builder = Service::builder(Database::sqlite()).env("REDIS_URL", &url);
    let service = builder.env(LIMITS, "api=10000/1").start();
    let told = |level: &str, text: &str| {
        let is = |line: &Value| line["level"] == level && line.to_string().contains(text);
        service.log().into_iter().filter(is).collect::<Vec<_>>()
    };
    let client = service.key();
    for _ in 0..20 {
        client.get(PROJECT).expect(200);
        thread::sleep(Duration::from_millis(100));
    }
    for who in ["the cache", "the rate limit"] {
        let warned = told("WARN", &format!("Redis cannot be used; {who} does without it"));
        assert_eq!(warned.len(), 1, "{warned:?}");
        assert!(warned[0].to_string().contains("Password authentication failed"), "{warned:?}");
    }
    assert_eq!(redis.ask("ACL SETUSER service >staple"), "+OK");
    under_requests(&client, || is(&service, true));
    assert_eq!(told("INFO", "Redis answers; the rate limit uses it").len(), 1);
    assert_eq!(told("WARN", "the rate limit").len(), 1);
    let log = format!("{:?}", service.log());
    assert!(!log.contains("staple"), "{log}");
}

#[test]
fn a_redis_that_takes_no_writes_is_not_used() {
    let redis = Redis::start();
    let service = with_redis(Database::sqlite(), &redis, "api=10000/1");
    let client = service.key();
    under_requests(&client, || {
        is(&service, true);
        redis.ask("REPLICAOF 127.0.0.1 1");
        is(&service, false);
        let ready = || {
            let ready = client.get("/ready").expect(200);
            let redis = ready["dependencies"].as_array()?.iter().find(|it| it["name"] == "redis");
            (redis?["state"] == "unavailable").then_some(())
        };
        eventually("/ready says so", ready);
        for _ in 0..20 {
            assert_eq!(up(&service), Some(false));
            assert_eq!(ready(), Some(()));
            thread::sleep(Duration::from_millis(100));
        }
        redis.ask("REPLICAOF NO ONE");
        is(&service, true);
    });
    let warned = |line: &&Value| line["level"] == "WARN" && line.to_string().contains("the cache");
    assert_eq!(service.log().iter().filter(warned).count(), 1);
}

#[test]
fn an_emptied_redis_gives_nobody_a_second_quota() {
    let redis = Redis::start();
    let service = with_redis(Database::sqlite(), &redis, "api=5/36000");
    let client = service.key();
    client.get(PROJECT).expect(200);
    flood(&[&client], PROJECT, 20).used(5, 36_000);
    for _ in 0..3 {
        redis.flush();
        is_refused(&client.get(PROJECT), 7200);
    }
}

#[test]
fn redis_is_reached_over_tls_if_its_certificate_holds() {
    let redis = RedisOverTls::start();
    let (url, ca) = (redis.url(), redis.ca());
    // All that the machine itself trusts.
    let trusted_file = tempfile::NamedTempFile::new().unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&trusted_file, other.cert.pem()).unwrap();
    let trusted = &trusted_file.path().display().to_string();
    let service = |url: &str, more: &[(&str, &str)]| {
        let builder = Service::builder(Database::sqlite()).env("REDIS_URL", url);
        let builder = builder.env(LIMITS, "api=50/36000").env("SSL_CERT_FILE", trusted);
        more.iter().fold(builder, |builder, (name, value)| builder.env(name, value)).start()
    };
    let ca = ca.display().to_string();
    let trusting = service(&url, &[("RESEARCHFLOW_REDIS_CA", &ca)]);
    is(&trusting, true);
    trusting.key().get(PROJECT).expect(200);
    // Neither a certificate that nobody here vouches for, nor one for another name.
    let elsewhere = url.replace("localhost", "127.0.0.1");
    let unknown = service(&url, &[]);
    let misnamed = service(&elsewhere, &[("RESEARCHFLOW_REDIS_CA", &ca)]);
    for service in [unknown, misnamed] {
        assert_eq!(up(&service), Some(false));
        service.key().get(PROJECT).expect(200);
        assert_eq!(up(&service), Some(false));
    }
}
