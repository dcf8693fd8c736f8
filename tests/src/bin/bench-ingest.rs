//! How fast events come in, durable and sealed, on each database: `make bench-ingest`.
//!
//! Clients and service share the machine, so the figures are a floor of what the service can do.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tests::{Client, Database, PROJECT, Service, bodies, setting};

/// Events in a request and clients at once.
const LOADS: [(usize, usize); 4] = [(1, 1), (1, 32), (100, 8), (1000, 4)];

fn main() {
    let limit = Duration::from_secs(setting("SECONDS", 10) as u64);
    println!(
        "{:<10} {:>6} {:>8} {:>10} {:>10} {:>10}",
        "database", "batch", "clients", "events/s", "p50 ms", "p99 ms"
    );
    for make in [Database::sqlite, Database::postgres] {
        for (batch, clients) in LOADS {
            let service =
                Service::builder(make()).env("RUST_LOG", "warn,researchflow=info").start();
            let (events, mut times) = load(&service.key(), batch, clients, limit);
            times.sort_unstable();
            let at = |part: usize| {
                times.get(times.len() * part / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3)
            };
            let rate = events as f64 / limit.as_secs_f64();
            let name = format!("{:?}", service.database().kind());
            println!(
                "{name:<10} {batch:>6} {clients:>8} {rate:>10.0} {:>10.2} {:>10.2}",
                at(50),
                at(99)
            );
        }
    }
}

/// The events that were acknowledged, and how long each request took.
fn load(key: &Client, batch: usize, clients: usize, limit: Duration) -> (u64, Vec<Duration>) {
    let (acknowledged, start) = (AtomicU64::new(0), Instant::now());
    let run = |client: usize| {
        let mut times = Vec::new();
        for round in 0.. {
            if start.elapsed() >= limit {
                break;
            }
            let body = bodies::events(&format!("{client}-{round}"), batch).to_string();
            let sent = Instant::now();
            let fields = [("content-type", "application/json")];
            let answer =
                key.post_bytes(&format!("{PROJECT}/invocations"), &fields, body.as_bytes());
            times.push(sent.elapsed());
            assert_eq!(answer.expect(200)["rejected"], json!([]));
            acknowledged.fetch_add(batch as u64, Ordering::Relaxed);
        }
        times
    };
    let times = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..clients)
            .map(|client| {
                let run = &run;
                scope.spawn(move || run(client))
            })
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().expect("a sender")).collect()
    });
    (acknowledged.into_inner(), times)
}
