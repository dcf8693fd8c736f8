//! Ten times the load: how much is still done, how fast the rest is refused, and whether the probes
//! answer. The service has core 0, the load core 1: `make bench-overload`.
//!
//! Three kinds of requests, since what can be had depends on what one takes. Ten times the load is
//! nine refusals for each request that is served. A refusal takes some 20 µs, so of requests that
//! take less than 2 ms nobody can refuse them all and have nine tenths of the time left.
//!
//! The load is open: requests come at their rate whatever the answers, and each latency counts from
//! when the request was due. So it has in it what waits in the generator, whose one core must also
//! do ten times the work: at the highest rates the figures are of both together.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use serde_json::json;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;
use tests::load::{Load, Request, Tally, closed, open, pin};
use tests::{Database, KEY, PROJECT, Service, bodies, setting};

/// More at once than the service lets in, so that it is the service that refuses.
const CONNECTIONS: usize = 4096;
/// At once, for finding the peak.
const MODERATE: usize = 64;
const PROBES_PER_SECOND: f64 = 20.0;
const TIMES: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

fn main() {
    let limit = Duration::from_secs(setting("SECONDS", 10) as u64);
    for make in [Database::sqlite, Database::postgres] {
        let database = make();
        println!("{:?}; the service on core 0, the load on core 1", database.kind());
        let service = Service::builder(database).env("RUST_LOG", "warn,researchflow=info").start();
        pin(service.pid(), 0);
        pin(std::process::id(), 1);
        for (name, request) in requests(service.address()) {
            measure(&service, name, &request, limit);
        }
    }
}

fn measure(service: &Service, name: &str, request: &Request, limit: Duration) {
    let load = |connections| Load { requests: vec![request.clone()], connections, limit };
    closed(&load(MODERATE));
    let peak = closed(&load(MODERATE)).rate(is_admitted);
    let each = 1e3 / peak;
    println!("  {name}: peak {peak:.0} requests/s, {each:.2} ms each");
    println!(
        "   load  offered/s  admitted/s  of peak   refused/s  refused after p50, p99   held back  broken  probes p99, not 200"
    );
    for times in TIMES {
        let (tally, probes) = thread::scope(|scope| {
            let probes = scope.spawn(|| probe(service.address(), limit));
            let tally = open(&load(setting("CONNECTIONS", CONNECTIONS)), times * peak);
            (tally, probes.join().expect("the probes"))
        });
        report(times, peak, &tally, &probes, limit);
    }
}

fn report(times: f64, peak: f64, tally: &Tally, probes: &Tally, limit: Duration) {
    let admitted = tally.rate(is_admitted);
    let refusals = [50, 99].map(|percent| tally.percentile(percent, is_refused));
    println!(
        "  {times:>4}x {:>10.0} {admitted:>11.0} {:>7.0} % {:>11.0} {:>9.1} ms, {:>6.1} ms {:>11} {:>7} {:>7.1} ms, {:>4}",
        tally.offered() as f64 / limit.as_secs_f64(),
        100.0 * admitted / peak,
        tally.rate(is_refused),
        refusals[0],
        refusals[1],
        tally.held_back(),
        tally.broken(),
        probes.percentile(99, |_| true),
        probes.offered() - probes.count(|status| status == 200),
    );
}

fn probe(address: SocketAddr, limit: Duration) -> Tally {
    let health = Request::new(address, "GET /health", "", "");
    open(&Load { requests: vec![health], connections: 1, limit }, PROBES_PER_SECOND)
}

/// From the cheapest to the dearest. Ids of events are left to the service, so that they can be sent
/// again.
fn requests(address: SocketAddr) -> [(&'static str, Request); 3] {
    let event = bodies::with(bodies::event("x"), json!({"event_id": null}));
    let hundred = json!({"events": vec![event.clone(); 100]});
    let post = format!("POST {PROJECT}/invocations");
    let key = format!("authorization: Bearer {KEY}\r\n");
    [
        ("one event", Request::new(address, &post, &key, &event.to_string())),
        ("a hundred events", Request::new(address, &post, &key, &hundred.to_string())),
        ("a page of 500", Request::get(address, &format!("{PROJECT}/invocations?limit=500"), KEY)),
    ]
}

fn is_admitted(status: u16) -> bool {
    status == 200
}

fn is_refused(status: u16) -> bool {
    status == 503
}
