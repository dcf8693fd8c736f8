//! How fast one worker adds up events, to rollups that hold against a recount, and how soon a
//! committed event is in the stream: `make bench-worker`, on each database, with and without Redis.
//!
//! The events are recorded before the clock starts. The worker, the database, Redis and the bench
//! share the machine.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Client, Database, PROJECT, Redis, Service, bodies, setting, within};

const BATCH: usize = 1000;
/// What the feed has to do at least, and what it aims at.
const FLOOR: f64 = 1000.0;
const AIM: f64 = 20_000.0;

fn main() {
    for make in [Database::sqlite, Database::postgres] {
        for redis in [Some(Redis::start()), None] {
            bench(make(), redis.as_ref());
        }
    }
}

fn bench(database: Database, redis: Option<&Redis>) {
    let (kind, feed) = (database.kind(), if redis.is_some() { "Redis" } else { "its own feed" });
    let service = Service::builder(database)
        .env("REDIS_URL", &redis.map_or(String::new(), Redis::url))
        .env("RUST_LOG", "warn,researchflow=info")
        .flag("--no-worker")
        .start();
    let (key, admin) = (service.key(), service.admin());
    let count = setting("EVENTS", 100_000).div_ceil(BATCH) * BATCH;
    (0..count / BATCH).for_each(|batch| record(&key, batch));
    if redis.is_some() {
        within(Duration::from_secs(60), "all of it is in the stream", || {
            let told = stream(&admin);
            (told["next"] == told["ledger_end"]).then_some(())
        });
    }

    let started = Instant::now();
    let worker = service.worker();
    within(Duration::from_secs(600), "all of it is added up", || {
        (stream(&admin)["unapplied"] == 0).then_some(())
    });
    let rate = count as f64 / started.elapsed().as_secs_f64();
    let verified = service.researchflow(&["cost", "report", "--verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let verdict = if rate >= AIM {
        "met"
    } else if rate >= FLOOR {
        "above the floor"
    } else {
        "MISSED"
    };
    println!(
        "{kind:?}, {feed}: {rate:>9.0} events/s added up (aim {AIM}, floor {FLOOR}: {verdict})"
    );
    assert!(worker.stop().success());
    if redis.is_some() {
        delay(&service, &key);
    }
}

/// Events that fall into some hundred rollups, their ids left to the service.
fn record(key: &Client, batch: usize) {
    let event = |n: usize| {
        let changes = json!({
            "event_id": null,
            "occurred_at": format!("2026-03-01T{:02}:00:00Z", batch % 24),
            "run_id": format!("run-{}", batch % 50),
            "stage": format!("stage-{}", n % 4),
            "agent": format!("agent-{}", n % 3),
        });
        bodies::with(bodies::event("x"), changes)
    };
    let events: Vec<Value> = (0..BATCH).map(event).collect();
    key.post(&format!("{PROJECT}/invocations"), &json!({ "events": events })).expect(200);
}

/// The share of pages that were in the stream within 50 ms of their commit, at 1,000 events/s.
fn delay(service: &Service, key: &Client) {
    let before = delays(service);
    let body = json!({"events": (0..10).map(|_| bodies::with(bodies::event("x"), json!({"event_id": null}))).collect::<Vec<_>>()});
    let start = Instant::now();
    for turn in 0..setting("SECONDS", 10) as u32 * 100 {
        key.ingest(&body).expect(200);
        std::thread::sleep(
            (start + turn * Duration::from_millis(10)).saturating_duration_since(Instant::now()),
        );
    }
    let after = delays(service);
    let (within, all) = (after.0 - before.0, after.1 - before.1);
    let share = 100.0 * within / all;
    let rate =
        10.0 * f64::from(setting("SECONDS", 10) as u32 * 100) / start.elapsed().as_secs_f64();
    let verdict = if share >= 99.0 { "met" } else { "MISSED" };
    println!("  {rate:.0} events/s: {share:.2} % in the stream within 50 ms (aim 99 %: {verdict})");
}

/// Pages that were published within 50 ms, and all, says `/metrics`.
fn delays(service: &Service) -> (f64, f64) {
    let text = service.nobody().get("/metrics").text();
    let number = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the metric");
        line.trim().parse().expect("a number")
    };
    (
        number("researchflow_insights_relay_seconds_bucket{le=\"0.05\"}"),
        number("researchflow_insights_relay_seconds_count"),
    )
}

fn stream(admin: &Client) -> Value {
    admin.get("/api/v1/insights/stream").expect(200)
}
