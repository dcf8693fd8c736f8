//! Limits over several processes, and what is left of them when Redis breaks.

use crate::Class;
use hardening::limits::{Identity, Limiter, Policies, Quota, RedisSettings, RedisStats};
use redis_link::{Limits, Settings};
use redis_server::Server;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// A machine that is busy with other builds must not look like a slow Redis.
const VERY_PATIENT: Duration = Duration::from_secs(30);

fn settings(url: impl Into<String>) -> RedisSettings {
    RedisSettings::new(Settings::new(url, "the limiter"), "test:")
}

/// The server's time, in microseconds.
fn time(server: &Server) -> u64 {
    let (seconds, micros): (u64, u64) = server.run("TIME");
    seconds * 1_000_000 + micros
}

async fn patient(server: &Server) -> Limiter<Class> {
    let mut settings = settings(server.url());
    settings.link.limits =
        Limits { create: VERY_PATIENT, recycle: VERY_PATIENT, command: VERY_PATIENT };
    let limiter = Limiter::redis(Policies::default(), settings).await.unwrap();
    assert!(redis(&limiter).in_use);
    limiter
}

/// With the patience of a service.
async fn usual(server: &Server) -> Limiter<Class> {
    let limiter = Limiter::redis(Policies::default(), settings(server.url())).await.unwrap();
    until_in_use(&limiter, true).await;
    limiter
}

fn redis(limiter: &Limiter<Class>) -> RedisStats {
    limiter.stats().redis.unwrap()
}

fn somebody(name: &str) -> Identity {
    Identity::new("user", name)
}

async fn sign_in(limiter: &Limiter<Class>, identity: &Identity) -> bool {
    limiter.check(Class::SignIn, identity, None).await.unwrap().allowed()
}

/// Signs in until refused; how often it was admitted.
async fn exhaust(limiter: &Limiter<Class>, identity: &Identity) -> u32 {
    let mut admitted = 0;
    while sign_in(limiter, identity).await {
        admitted += 1;
    }
    admitted
}

/// Asks, each time as somebody else, until the limiter uses Redis, or does not.
async fn until_in_use(limiter: &Limiter<Class>, wanted: bool) {
    let reached = async {
        for turn in 0.. {
            assert!(sign_in(limiter, &somebody(&format!("turn-{wanted}-{turn}"))).await);
            if redis(limiter).in_use == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reached).await.expect("the breaker turns");
}

#[test]
fn four_processes_together_admit_what_one_quota_allows() {
    const CLIENTS: usize = 4;
    const EMISSION: u64 = 20_000;
    let server = Server::start();
    let together = Barrier::new(CLIENTS);
    let started = time(&server);
    let client = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let limiter = patient(&server).await;
            together.wait();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(2) {
                let ruling = limiter.check(Class::Api, &somebody("ada"), None).await.unwrap();
                if !ruling.allowed() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            assert_eq!(redis(&limiter).went_without, 0);
            limiter.stats().classes[0].admitted
        })
    };
    let admitted: u64 = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    let earned = (time(&server) - started) / EMISSION;
    assert!(admitted <= 50 + earned, "{admitted} of {}", 50 + earned);
    assert!(admitted >= 50 + 50, "{admitted}: at least half of what two seconds earn");
}

#[actix_web::test]
async fn processes_count_together_and_each_remembers_what_all_used() {
    let mut server = Server::start();
    let (one, two, ada) = (patient(&server).await, patient(&server).await, somebody("ada"));
    for _ in 0..3 {
        assert!(sign_in(&one, &ada).await);
    }
    assert_eq!(exhaust(&two, &ada).await, 2);
    assert!(!sign_in(&one, &ada).await);
    let remaining: i64 = server.run("PTTL test:rl:{sign-in:user:ada}");
    assert!((1..=300_000).contains(&remaining), "a key goes when it means nothing any more");
    server.kill();
    assert!(!sign_in(&one, &ada).await);
    assert!(!sign_in(&two, &ada).await);
}

#[actix_web::test]
async fn an_emptied_redis_gives_nobody_a_fresh_burst() {
    let server = Server::start();
    let (limiter, ada) = (patient(&server).await, somebody("ada"));
    assert_eq!(exhaust(&limiter, &ada).await, 5);
    server.run::<()>("FLUSHALL");
    server.run::<()>("SCRIPT FLUSH");
    assert!(!sign_in(&limiter, &ada).await);
    assert!(sign_in(&limiter, &somebody("bob")).await);
    assert_eq!(redis(&limiter), RedisStats { in_use: true, failures: 0, went_without: 0 });
}

#[actix_web::test]
async fn while_redis_is_only_slow_a_quota_that_is_nearly_used_up_is_not_used() {
    let server = Server::start();
    let mut settings = settings(server.url());
    settings.doubt = VERY_PATIENT;
    let limiter = Limiter::redis(Policies::default(), settings).await.unwrap();
    until_in_use(&limiter, true).await;
    let ask = async |name| {
        let identity = somebody(name);
        limiter.check(Class::Api, &identity, Some(Quota::of::<20, 3600>())).await.unwrap()
    };
    while ask("ada").await.decision.remaining > 1 {}
    ask("bob").await;
    server.freeze();
    let refused = ask("ada").await;
    assert!(!refused.allowed() && refused.decision.remaining == 0);
    assert!(refused.decision.retry_after > Duration::ZERO);
    assert!(ask("bob").await.allowed() && ask("eve").await.allowed());
    assert_eq!(redis(&limiter).went_without, 2);
}

#[actix_web::test]
async fn a_frozen_redis_is_left_alone_until_it_answers_again() {
    let server = Server::start();
    let (limiter, ada) = (usual(&server).await, somebody("ada"));
    assert_eq!(exhaust(&limiter, &ada).await, 5);
    server.freeze();
    until_in_use(&limiter, false).await;
    assert!(!sign_in(&limiter, &ada).await);
    let failures = redis(&limiter).failures;
    for turn in 0..100 {
        assert_eq!(exhaust(&limiter, &somebody(&turn.to_string())).await, 5);
    }
    assert!(redis(&limiter).failures <= failures + 3, "after a few requests none waits for it");
    server.thaw();
    until_in_use(&limiter, true).await;
    assert!(!sign_in(&limiter, &ada).await);
}

#[actix_web::test]
async fn a_killed_redis_is_used_again_when_it_is_back() {
    let mut server = Server::start();
    let (limiter, ada) = (usual(&server).await, somebody("ada"));
    assert_eq!(exhaust(&limiter, &ada).await, 5);
    server.kill();
    until_in_use(&limiter, false).await;
    assert!(!sign_in(&limiter, &ada).await);
    assert_eq!(exhaust(&limiter, &somebody("bob")).await, 5);
    server.restart();
    until_in_use(&limiter, true).await;
    assert!(!sign_in(&limiter, &ada).await);
    assert!(!sign_in(&limiter, &somebody("bob")).await);
}

#[actix_web::test]
async fn a_redis_that_cannot_write_is_of_no_use() {
    let server = Server::start();
    let limiter = usual(&server).await;
    server.run::<()>("CONFIG SET min-replicas-to-write 1");
    until_in_use(&limiter, false).await;
    assert_eq!(exhaust(&limiter, &somebody("ada")).await, 5);
    server.run::<()>("CONFIG SET min-replicas-to-write 0");
    until_in_use(&limiter, true).await;
}

#[actix_web::test]
async fn a_redis_that_is_not_there_yet_may_come_later() {
    let mut server = Server::start();
    server.kill();
    let limiter = Limiter::redis(Policies::default(), settings(server.url())).await.unwrap();
    assert_eq!(exhaust(&limiter, &somebody("ada")).await, 5);
    server.restart();
    until_in_use(&limiter, true).await;
}

#[actix_web::test]
async fn a_url_of_something_else_is_refused_without_repeating_it() {
    let settings = settings("http://:secret@localhost");
    assert!(!format!("{settings:?}").contains("secret"));
    let error = Limiter::redis(Policies::<Class>::default(), settings).await.err().unwrap();
    assert!(!error.to_string().contains("secret"), "{error}");
}
