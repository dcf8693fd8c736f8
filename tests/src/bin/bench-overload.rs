//! Ten times the load: how much is still done, how fast the rest is refused, and whether the probes
//! answer. The service and its database have core 0, the load core 1: `make bench-overload`.
//!
//! Four kinds of requests, since what can be had depends on what one takes. Ten times the load is
//! nine refusals for each request that is served. A refusal takes some 30 µs, so of requests that
//! take less than 3 ms nobody can refuse them all and have nine tenths of the time left.
//!
//! The load is closed once, ten times as many clients that ask again as soon as they are answered,
//! and then open: requests come at their rate whatever the answers, and each latency counts from
//! when the request was due. So it has in it what waits in the generator, whose one core must also
//! do ten times the work: at the highest rates the figures are of both together.
//!
//! `TURNS` (3) is how often each load is measured, for `SECONDS` (3) each; figures are medians over
//! the turns, and the worst where it says so.
//!
//! `ONLY="sqlite, a page"` measures what has one of these in its name: a database, or a kind.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;
use tests::load::{Load, Request, Tally, closed, open, pin};
use tests::{Cluster, Database, KEY, PROJECT, Service, bodies, median, setting, words};

/// More at once than the service lets in, so that it is the service that refuses.
const CONNECTIONS: usize = 4096;
/// What is asked for, and how many ask at once for finding its peak: as many as are surely let in.
const KINDS: [(&str, usize); 4] =
    [("one event", 64), ("a hundred events", 64), ("a page of 500", 16), ("a project", 64)];
const PROBES_PER_SECOND: f64 = 20.0;
const TIMES: [f64; 4] = [1.0, 2.0, 5.0, 10.0];
/// Until as many are in flight as there will be: longer than what is admitted takes.
const SETTLING: Duration = Duration::from_secs(2);

fn main() {
    for name in ["SQLite", "PostgreSQL"] {
        if !is_wanted(name, &["SQLite", "PostgreSQL"]) {
            continue;
        }
        println!("{name}; it and the service on core 0, the load on core 1");
        // What is started from here on stays there.
        pin(std::process::id(), 0);
        let cluster = (name == "PostgreSQL").then(Cluster::start);
        let database = cluster.as_ref().map_or_else(Database::sqlite, Database::in_cluster);
        let service = Service::builder(database)
            .env("RUST_LOG", "warn,researchflow=info")
            .env("RESEARCHFLOW_WORKERS", "1")
            .start();
        // What a page shows, whatever else is measured.
        for _ in 0..5 {
            service.key().ingest(&json!({"events": vec![event(); 100]})).expect(200);
        }
        pin(std::process::id(), 1);
        let requests = requests(service.address());
        let names = KINDS.map(|(name, _)| name);
        for ((name, moderate), request) in KINDS.into_iter().zip(&requests) {
            if is_wanted(name, &names) {
                measure(&service, (name, moderate), request);
            }
        }
    }
}

/// Whether `ONLY` names this one, or none of its kind.
fn is_wanted(name: &str, all: &[&str]) -> bool {
    let only = words("ONLY").unwrap_or_default().to_lowercase();
    let is_named = |name: &str| {
        only.split(',').any(|it| !it.trim().is_empty() && name.to_lowercase().contains(it.trim()))
    };
    is_named(name) || !all.iter().any(|name| is_named(name))
}

/// Each load comes in turns with the peak, and what was admitted in a turn is compared with the mean of
/// the peaks before and after it: the machine is not equally fast from one second to the next.
fn measure(service: &Service, (name, moderate): (&str, usize), request: &Request) {
    let (turns, seconds) = (setting("TURNS", 3), setting("SECONDS", 3) as u64);
    let limit = SETTLING + Duration::from_secs(seconds);
    let load = |connections| Load { requests: vec![request.clone()], connections, limit };
    let peak_now = || closed(&load(moderate)).rate(SETTLING, is_admitted);
    let mut peak = f64::max(peak_now(), peak_now());
    let each = 1e3 / peak;
    println!("  {name}: peak {peak:.0} requests/s, {each:.2} ms each");
    println!(
        "         load  offered/s  admitted/s  of peak (least, most)  refused/s  refused after p50, p99 (worst)   held back  broken  probes p99, not 200"
    );
    let mut step = |name: String, clients: &dyn Fn(f64) -> Tally| {
        let mut taken = Vec::new();
        for _ in 0..turns {
            let (load, probes) = beside_probes(service, limit, || clients(peak));
            let before = std::mem::replace(&mut peak, peak_now());
            taken.push(Turn { load, probes, peak: f64::midpoint(before, peak) });
        }
        report(&name, &taken, limit);
    };
    let crowd = 10 * moderate;
    step(format!("{crowd} at once"), &|_| closed(&load(crowd)));
    for times in TIMES {
        let connections = setting("CONNECTIONS", CONNECTIONS);
        step(format!("{times}x"), &|peak| open(&load(connections), times * peak));
    }
}

/// What came of a load, of the probes meanwhile, and what could have been admitted then.
struct Turn {
    load: Tally,
    probes: Tally,
    peak: f64,
}

/// What came of a load, and of the probes meanwhile.
fn beside_probes(
    service: &Service,
    limit: Duration,
    load: impl FnOnce() -> Tally,
) -> (Tally, Tally) {
    thread::scope(|scope| {
        let probes = scope.spawn(|| probe(service.address(), limit));
        (load(), probes.join().expect("the probes"))
    })
}

fn report(name: &str, turns: &[Turn], limit: Duration) {
    let each = |of: &dyn Fn(&Turn) -> f64| turns.iter().map(of).collect::<Vec<f64>>();
    let sum = |of: &dyn Fn(&Turn) -> usize| turns.iter().map(of).sum::<usize>();
    let most = |values: &[f64]| values.iter().copied().fold(f64::NAN, f64::max);
    let admitted = each(&|turn| turn.load.rate(SETTLING, is_admitted));
    let goodput = each(&|turn| 100.0 * turn.load.rate(SETTLING, is_admitted) / turn.peak);
    let [half_refused, nearly_all_refused] =
        [50, 99].map(|percent| each(&|turn| turn.load.percentile(percent, is_refused)));
    let probed = each(&|turn| turn.probes.percentile(99, |_| true));
    println!(
        "  {name:>11} {:>10.0} {:>11.0} {:>7.0} % ({:>4.0}, {:>4.0}) {:>16.0} {:>9.1} ms, {:>6.1} ms ({:>7.1}) {:>11} {:>7} {:>7.1} ms, {:>4}",
        median(each(&|turn| turn.load.offered() as f64 / limit.as_secs_f64())),
        median(admitted),
        median(goodput.iter().copied()),
        goodput.iter().copied().fold(f64::NAN, f64::min),
        most(&goodput),
        median(each(&|turn| turn.load.rate(SETTLING, is_refused))),
        median(half_refused),
        median(nearly_all_refused.iter().copied()),
        most(&nearly_all_refused),
        sum(&|turn| turn.load.held_back()),
        sum(&|turn| turn.load.broken()),
        most(&probed),
        sum(&|turn| turn.probes.offered() - turn.probes.count(|status| status == 200)),
    );
}

fn probe(address: SocketAddr, limit: Duration) -> Tally {
    let health = Request::new(address, "GET /health", "", "");
    open(&Load { requests: vec![health], connections: 1, limit }, PROBES_PER_SECOND)
}

/// Its id is left to the service, so that it can be sent again.
fn event() -> Value {
    bodies::with(bodies::event("x"), json!({"event_id": null}))
}

/// Of the kinds, in their order.
fn requests(address: SocketAddr) -> [Request; 4] {
    let hundred = json!({"events": vec![event(); 100]});
    let post = format!("POST {PROJECT}/invocations");
    let key = format!("authorization: Bearer {KEY}\r\n");
    [
        Request::new(address, &post, &key, &event().to_string()),
        Request::new(address, &post, &key, &hundred.to_string()),
        Request::get(address, &format!("{PROJECT}/invocations?limit=500"), KEY),
        Request::get(address, PROJECT, KEY),
    ]
}

fn is_admitted(status: u16) -> bool {
    status == 200
}

fn is_refused(status: u16) -> bool {
    status == 503
}
