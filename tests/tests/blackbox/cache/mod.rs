//! What is read often is remembered, and nobody notices but by the time it takes: whoever changes
//! something sees it at once, everybody else within a second, whatever becomes of Redis.

mod changes;
mod outages;
mod readiness;
mod sharing;

use std::time::{Duration, Instant};
use tests::{Client, Database, Redis, Service};

/// Two processes on one database.
struct Two {
    a: Service,
    b: Service,
}

impl Two {
    fn start(database: Database, redis: &Redis) -> Self {
        let a = Service::builder(database).env("REDIS_URL", &redis.url()).start();
        let b = a.beside().start();
        Self { a, b }
    }
}

/// Asks until the change that was just acknowledged shows. Whoever asks a second after it must see it.
#[track_caller]
fn shows(what: &str, mut ask: impl FnMut() -> bool) {
    let changed = Instant::now();
    loop {
        let asked = changed.elapsed();
        if ask() {
            return;
        }
        assert!(
            asked < Duration::from_secs(1),
            "asked {asked:?} after the change, still not: {what}"
        );
    }
}

/// How often reads of a kind came to this outcome.
fn reads(service: &Service, kind: &str, outcome: &str) -> usize {
    let labels = format!("{{kind=\"{kind}\",outcome=\"{outcome}\"}}");
    metric(&service.nobody(), &format!("researchflow_cache_requests_total{labels}"))
}

/// How often a kind was loaded from the database.
fn loads(service: &Service, kind: &str) -> usize {
    let labels = format!("{{kind=\"{kind}\",outcome=\"ok\"}}");
    metric(&service.nobody(), &format!("researchflow_cache_loads_total{labels}"))
}

/// How often a process did not believe an entry any more.
fn forgotten(service: &Service) -> usize {
    metric(&service.nobody(), "researchflow_cache_forgotten_total")
}

/// A metric's value; 0 while there is none.
fn metric(client: &Client, name: &str) -> usize {
    let metrics = client.get("/metrics").text();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map_or(0, |value| value.parse().unwrap())
}
