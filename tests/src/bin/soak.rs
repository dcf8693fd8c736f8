//! An hour of mixed load on a service with its worker, PostgreSQL and Redis, and on one with SQLite
//! alone: whether memory and descriptors stay as they are, and nothing fails. `make soak MINUTES=60`.
//!
//! The first quarter is for warming up: pools fill, tables grow into memory, allocators find their
//! size. From then on the median of resident memory in the last quarter may be a tenth above that in
//! the second, and that of open descriptors may be ten above. Ends with code 1 if it is not so, or if
//! an answer was not what it should be.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use std::fs;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};
use tests::load::{Load, mix, open};
use tests::{Database, Redis, Service, median, setting};

/// Requests a second, unless `RATE` says otherwise: what a small team's agents may send, and far from
/// what the service can do.
const RATE: usize = 60;
const CONNECTIONS: usize = 32;
/// For each slice connections are made anew, as clients come and go.
const SLICES: usize = 48;

/// What was seen at the end of a slice.
#[derive(Clone, Copy)]
struct Look {
    minutes: f64,
    memory_mib: f64,
    descriptors: usize,
}

fn main() -> ExitCode {
    let length = Duration::from_secs(60 * setting("MINUTES", 60) as u64);
    let redis = Redis::start();
    let small = Service::start(Database::sqlite());
    let large = Service::builder(Database::postgres())
        .flag("--no-worker")
        .env("REDIS_URL", &redis.url())
        .start();
    let _worker = large.worker();
    let sound = thread::scope(|scope| {
        let soaks = [("SQLite", &small), ("PostgreSQL and Redis", &large)]
            .map(|(name, service)| scope.spawn(move || soak(name, service, length)));
        soaks.map(|soak| soak.join().expect("a soak")).into_iter().all(|sound| sound)
    });
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether it stayed as it was.
fn soak(name: &str, service: &Service, length: Duration) -> bool {
    let load = Load {
        requests: mix(service.address()),
        connections: CONNECTIONS,
        limit: length / SLICES as u32,
    };
    let (started, mut looks, mut wrong, mut asked) = (Instant::now(), Vec::new(), 0, 0);
    for slice in 1..=SLICES {
        let tally = open(&load, setting("RATE", RATE) as f64);
        // Each request of the mix is one that is well answered.
        wrong += tally.offered() - tally.count(|status| (200..300).contains(&status));
        asked += tally.offered();
        looks.push(look(service.pid(), started));
        if slice % (SLICES / 12) == 0 {
            let Look { minutes, memory_mib, descriptors } = looks[slice - 1];
            println!(
                "{name:<21} {minutes:>5.1} min  {memory_mib:>6.1} MiB  {descriptors:>4} descriptors  \
                 {asked:>7} requests, {wrong} failed, p99 {:.1} ms",
                tally.percentile(99, |_| true)
            );
        }
    }
    let quarter = |number: usize| &looks[number * SLICES / 4..(number + 1) * SLICES / 4];
    let memory = [1, 3].map(|it| median(quarter(it).iter().map(|look| look.memory_mib)));
    let descriptors =
        [1, 3].map(|it| median(quarter(it).iter().map(|look| look.descriptors as f64)));
    let sound =
        wrong == 0 && memory[1] <= 1.1 * memory[0] && descriptors[1] <= descriptors[0] + 10.0;
    println!(
        "{name}: {asked} requests, {wrong} failed; memory {:.1} to {:.1} MiB, descriptors {} to {}: {}",
        memory[0],
        memory[1],
        descriptors[0],
        descriptors[1],
        if sound { "flat" } else { "NOT FLAT" },
    );
    sound
}

/// The connections of a slice are closed when it ends, and a busy service takes a moment to notice.
const MOMENT: Duration = Duration::from_secs(3);

fn look(pid: u32, started: Instant) -> Look {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a running service");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|it| it.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    let count = || fs::read_dir(format!("/proc/{pid}/fd")).expect("a running service").count();
    let (mut descriptors, looked) = (count(), Instant::now());
    while looked.elapsed() < MOMENT {
        thread::sleep(MOMENT / 10);
        descriptors = descriptors.min(count());
    }
    Look {
        minutes: started.elapsed().as_secs_f64() / 60.0,
        memory_mib: kib.expect("resident memory") / 1024.0,
        descriptors,
    }
}
