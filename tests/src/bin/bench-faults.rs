//! What clients notice while Redis is killed, stopped and emptied: `make chaos-edge`.
//!
//! Reads of one project at a fixed rate, each latency counted from when the request was due. The
//! aim: no 5xx, and a p99 at most 25 ms above that of the quiet seconds before.
#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::thread;
use std::time::{Duration, Instant};
use tests::load::{Load, Request, Tally, open};
use tests::{Database, KEY, PROJECT, Redis, Service, setting};

/// Requests a second: far from what the service can do.
const RATE: usize = 200;

/// A name, and what is done to Redis.
type Phase = (&'static str, fn(&mut Redis));

/// What happens, one after the other.
const PHASES: [Phase; 8] = [
    ("Redis answers", |_| {}),
    ("killed", Redis::kill),
    ("started again", Redis::restart),
    ("stopped (SIGSTOP)", |redis| redis.freeze()),
    ("goes on (SIGCONT)", |redis| redis.thaw()),
    ("emptied", |redis| redis.flush()),
    ("killed once more", Redis::kill),
    ("started once more", Redis::restart),
];

fn main() {
    let phase = Duration::from_secs(setting("SECONDS", 10) as u64);
    let mut redis = Redis::start();
    let service = Service::builder(Database::sqlite())
        .env("REDIS_URL", &redis.url())
        .env("RESEARCHFLOW_RATE_LIMITS", "api=10000/1")
        .env("RUST_LOG", "warn,researchflow=info")
        .start();
    let request = Request::get(service.address(), PROJECT, KEY);
    let load = Load { requests: vec![request], connections: 64, limit: phase };
    open(&load, RATE as f64);
    let load = Load { limit: phase * PHASES.len() as u32, ..load };
    println!("{RATE} reads/s, {phase:?} each");
    let tally = thread::scope(|scope| {
        let started = Instant::now();
        scope.spawn(move || {
            for (number, (_, happen)) in PHASES.into_iter().enumerate() {
                // The times of a bench, not of a test.
                thread::sleep((phase * number as u32).saturating_sub(started.elapsed()));
                happen(&mut redis);
            }
            thread::sleep((phase * PHASES.len() as u32).saturating_sub(started.elapsed()));
        });
        open(&load, RATE as f64)
    });
    let phases: Vec<Tally> = (0..PHASES.len() as u32)
        .map(|number| tally.between(phase * number, phase * (number + 1)))
        .collect();
    let quiet = phases.first().map_or(f64::NAN, |tally| tally.percentile(99, |_| true));
    for ((name, _), tally) in PHASES.iter().zip(&phases) {
        let [p50, p99, longest] = [50, 99, 100].map(|percent| tally.percentile(percent, |_| true));
        println!(
            "  {name:<20} p50 {p50:>6.2} ms, p99 {p99:>7.2} ms ({:+.2}), longest {longest:>7.2} ms; \
             200: {}, 5xx: {}, unanswered: {}",
            p99 - quiet,
            tally.count(|status| status == 200),
            tally.count(|status| status >= 500),
            tally.failed(),
        );
    }
}
