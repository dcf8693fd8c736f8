//! `/ready` is cheap to ask, and tells what is missing.

use super::{forgotten, loads};
use serde_json::Value;
use std::time::Instant;
use tests::{Database, PROJECT, Redis, Service, both, eventually};

both!(asking_often_asks_the_database_seldom);

fn asking_often_asks_the_database_seldom(database: Database) {
    let service = Service::start(database);
    let (client, started) = (service.nobody(), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| (0..50).for_each(|_| drop(client.get("/ready").expect(200))));
        }
    });
    let asked = loads(&service, "readiness");
    let most = 1 + started.elapsed().as_millis() as usize / 600 + forgotten(&service);
    assert!((1..=most).contains(&asked), "{asked} of {most}");
}

/// The answer's status and what it says of Redis.
fn ready(service: &Service) -> (Value, Value) {
    let answer = service.nobody().get("/ready").expect(200);
    let all = answer["dependencies"].as_array().unwrap();
    let redis = all.iter().find(|it| it["name"] == "redis").cloned();
    (answer["status"].clone(), redis.unwrap_or_default())
}

#[test]
fn without_redis_it_is_degraded_and_serves() {
    let redis = Redis::start();
    let service = Service::builder(Database::sqlite()).env("REDIS_URL", &redis.url()).start();
    let is = |wanted: &str| {
        eventually(wanted, || {
            let (status, redis) = ready(&service);
            (status == wanted).then_some(redis)
        })
    };
    assert_eq!(is("ready")["state"], "ok");
    redis.freeze();
    let missing = is("degraded");
    assert_eq!(missing["state"], "unavailable");
    assert!(missing["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{missing}");
    redis.thaw();
    assert_eq!(is("ready")["reason"], Value::Null);
}

#[test]
fn where_no_redis_is_set_none_is_missed() {
    let service = Service::start(Database::sqlite());
    assert_eq!(ready(&service), ("ready".into(), Value::Null));
}

#[test]
fn sentinels_and_clusters_may_be_away_too() {
    for url in ["redis+sentinel://127.0.0.1:1/main", "redis+cluster://127.0.0.1:1"] {
        let service = Service::builder(Database::sqlite()).env("REDIS_URL", url).start();
        let (status, redis) = ready(&service);
        assert_eq!((status, &redis["state"]), ("degraded".into(), &"unavailable".into()), "{url}");
        service.key().get(PROJECT).expect(200);
    }
    let nameless = Service::builder(Database::sqlite()).env("REDIS_URL", "redis+sentinel://x");
    let refused = nameless.refused();
    assert!(refused.complaint.contains("REDIS_URL must name the master"), "{refused:?}");
}
