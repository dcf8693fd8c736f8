//! What remembering reads is worth: `make bench-cache`.
//!
//! Clients ask the service, which has a Redis, for projects and reports with many keys, each chosen
//! by Zipf's law (the nth most wanted an nth as often as the first), and change a project with every
//! twentieth request. Every writer reads back at once what it wrote. Then: how long
//! a read takes that finds everything remembered, and how often a thousand who miss the same thing
//! at once make the service ask its database.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use rand::RngExt;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tests::{Client, Database, KEY, PROJECT, Redis, Service, bodies, setting};

const PROJECTS: usize = 200;
const REPORTS: usize = 50;
const CLIENTS: usize = 4;
/// One request in so many changes something.
const WRITES: usize = 20;
const AT_ONCE: usize = 1000;

fn main() {
    let limit = Duration::from_secs(setting("SECONDS", 10) as u64);
    for make in [Database::sqlite, Database::postgres] {
        bench(make(), limit);
    }
}

fn bench(database: Database, limit: Duration) {
    println!("{:?}", database.kind());
    let redis = Redis::start();
    let service = Service::builder(database)
        .env("REDIS_URL", &redis.url())
        .env("RUST_LOG", "warn,researchflow=info")
        .start();
    let world = World::make(&service);
    mix(&service, &world, limit);
    hot(&service, limit / 2);
    together(&service);
}

/// What there is to read.
struct World {
    /// Each project's path and a client with a key of its own.
    projects: Vec<(String, Client)>,
    reports: Vec<String>,
}

impl World {
    fn make(service: &Service) -> Self {
        let admin = service.admin();
        let project = |n: usize| {
            let name = json!({"name": format!("Project {n}"), "slug": format!("project-{n}")});
            admin.post("/api/v1/projects", &name).expect(201);
            let path = format!("/api/v1/projects/project-{n}");
            let key = json!({"name": "bench", "scopes": ["read", "manage"]});
            let key = admin.post(&format!("{path}/keys"), &key).expect(201);
            (path, service.nobody().with_key(key["key"].as_str().expect("a key")))
        };
        let key = service.key();
        key.ingest(&bodies::events("e", 100)).expect(200);
        let period = json!({"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"});
        let report = |_| {
            let made = key.post(&format!("{PROJECT}/reports"), &period).expect(201);
            format!("{PROJECT}/reports/{}", made["id"].as_str().expect("an id"))
        };
        Self {
            projects: (0..PROJECTS).map(project).collect(),
            reports: (0..REPORTS).map(report).collect(),
        }
    }
}

/// Draws from `0..size` by Zipf's law.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(size: usize) -> Self {
        let sums = (1..=size).scan(0.0, |sum, rank| {
            *sum += 1.0 / rank as f64;
            Some(*sum)
        });
        Self(sums.collect())
    }

    fn draw(&self, random: &mut impl RngExt) -> usize {
        let most = self.0.last().copied().unwrap_or_default();
        let chance = random.random_range(0.0..most);
        self.0.partition_point(|sum| *sum <= chance)
    }
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    /// Reads by whoever had just written, that were of before.
    stale: usize,
}

/// Reads and writes by all clients at once.
fn mix(service: &Service, world: &World, limit: Duration) {
    let before = counts(service);
    let start = Instant::now();
    let run = |client: usize| {
        let zipf = (Zipf::new(PROJECTS), Zipf::new(REPORTS));
        let (mut random, mut seen, key) = (rand::rng(), Seen::default(), service.key());
        for turn in (0..).take_while(|_| start.elapsed() < limit) {
            let project = zipf.0.draw(&mut random);
            if turn % WRITES == 0 {
                // Each client writes to projects of its own, so that it knows what must be there.
                let (path, key) = &world.projects[project / CLIENTS * CLIENTS + client];
                let name = format!("Turn {turn}");
                key.json("PATCH", path, &json!({"name": name})).expect(200);
                seen.stale += usize::from(key.get(path).expect(200)["name"] != name);
                continue;
            }
            let sent = Instant::now();
            if turn % 4 == 0 {
                key.get(&world.reports[zipf.1.draw(&mut random)]).expect_status(200);
            } else {
                let (path, key) = &world.projects[project];
                key.get(path).expect_status(200);
            }
            seen.times.push(sent.elapsed());
        }
        seen
    };
    let seen = by_all(run);
    let stale: usize = seen.iter().map(|seen| seen.stale).sum();
    let times = seen.into_iter().flat_map(|seen| seen.times).collect();
    tell("reads by Zipf's law, 5 % writes", times, limit);
    println!("  stale reads by writers            {stale:>9}");
    let none = Counts::default();
    let mut all = Counts::default();
    for (kind, then) in &counts(service) {
        let now = before.get(kind).unwrap_or(&none);
        let counts = Counts { hits: then.hits - now.hits, all: then.all - now.all };
        println!("  hits, {kind:<27} {:>9.1} % of {}", counts.ratio(), counts.all);
        all = Counts { hits: all.hits + counts.hits, all: all.all + counts.all };
    }
    println!("  hits, all                         {:>9.1} % of {}", all.ratio(), all.all);
}

/// The same project, again and again.
fn hot(service: &Service, limit: Duration) {
    let start = Instant::now();
    let times = by_all(|_| {
        let (mut times, key) = (Vec::new(), service.key());
        while start.elapsed() < limit {
            let sent = Instant::now();
            key.get(PROJECT).expect_status(200);
            times.push(sent.elapsed());
        }
        times
    });
    tell("hot reads", times.concat(), limit);
}

/// All ask at once for what nobody remembers.
fn together(service: &Service) {
    let name = json!({"name": "Together"});
    service.key().json("PATCH", PROJECT, &name).expect(200);
    let connect = |_| TcpStream::connect(service.address()).expect("a connection");
    let mut connections: Vec<TcpStream> = (0..AT_ONCE).map(connect).collect();
    let request = format!(
        "GET {PROJECT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\r\n"
    );
    let loads =
        || metric(service, "researchflow_cache_loads_total{kind=\"project\",outcome=\"ok\"}");
    let before = loads();
    let (mut answered, start) = (0, Instant::now());
    for connection in &mut connections {
        connection.write_all(request.as_bytes()).expect("a request is sent");
    }
    for connection in &mut connections {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        answered += usize::from(answer.starts_with("HTTP/1.1 200"));
    }
    let name = format!("{AT_ONCE} at once, after a change");
    println!(
        "  {name:<33} {:>9} loaded, {answered} answered and the others refused as too many, in {} ms",
        loads() - before,
        start.elapsed().as_millis()
    );
}

fn by_all<T: Send>(run: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let run = &run;
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || run(client))).collect();
        clients.into_iter().map(|client| client.join().expect("a client")).collect()
    })
}

fn tell(what: &str, mut times: Vec<Duration>, limit: Duration) {
    times.sort_unstable();
    let rate = times.len() as f64 / limit.as_secs_f64();
    let [p50, p99] = [50, 99].map(|part| {
        times.get(times.len() * part / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    });
    println!("  {what:<33} {rate:>9.0} requests/s, p50 {p50:.2} ms, p99 {p99:.2} ms");
}

/// What became of cached reads.
#[derive(Default)]
struct Counts {
    hits: usize,
    all: usize,
}

impl Counts {
    fn ratio(&self) -> f64 {
        100.0 * self.hits as f64 / self.all.max(1) as f64
    }
}

/// Of each kind, from `/metrics`.
fn counts(service: &Service) -> BTreeMap<String, Counts> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for line in service.nobody().get("/metrics").text().lines() {
        let labels = line.strip_prefix("researchflow_cache_requests_total{kind=\"");
        let Some((kind, rest)) = labels.and_then(|labels| labels.split_once('"')) else { continue };
        let count = rest.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
        let counts = counts.entry(kind.to_owned()).or_default();
        counts.all += count;
        counts.hits += if rest.contains("outcome=\"miss\"") { 0 } else { count };
    }
    counts
}

fn metric(service: &Service, name: &str) -> usize {
    let metrics = service.nobody().get("/metrics").text();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}
