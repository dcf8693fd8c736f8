//! Four processes on one Redis share one quota, exactly: `make flood` takes a minute for it.

use std::time::{Duration, Instant};
use tests::load::{Load, Request, open};
use tests::{Client, Database, Fleet, KEY, PROJECT, Redis, setting};

const PROCESSES: usize = 4;
/// A key's quota: so many at once, and so many a second.
const BURST: f64 = 500.0;
const SECONDS: f64 = 5.0;
const RATE: f64 = BURST / SECONDS;
/// How much is offered for each request that the quota allows.
const TIMES: f64 = 5.0;

#[test]
fn four_processes_admit_what_one_quota_allows() {
    let (redis, database) = (Redis::start(), Database::postgres());
    std::fs::create_dir_all(database.data_dir()).unwrap();
    let limits = format!("api={BURST}/{SECONDS}");
    let url = redis.url();
    let settings = [("REDIS_URL", &*url), ("RESEARCHFLOW_RATE_LIMITS", &*limits)];
    let fleet = Fleet::start(&database, PROCESSES, &settings);
    let clients: Vec<Client> = fleet.bases().iter().map(|base| Client::new(base)).collect();
    // Known to all from here on, so that it counts as itself alone.
    for client in &clients {
        client.with_key(KEY).get(PROJECT).expect(200);
    }
    let before = without_redis(&clients);
    let requests = fleet.bases().into_iter().map(|base| {
        let address = base.strip_prefix("http://").unwrap().parse().unwrap();
        Request::get(address, PROJECT, KEY)
    });
    let limit = Duration::from_secs(setting("SECONDS", 5) as u64);
    let load = Load { requests: requests.collect(), connections: 32, limit };
    let started = Instant::now();
    let tally = open(&load, TIMES * RATE);
    let lasted = started.elapsed();

    let (admitted, refused) = (tally.count(|it| it == 200), tally.count(|it| it == 429));
    assert_eq!(admitted + refused, tally.offered(), "nothing else came");
    // What Redis did not decide in time, its process decided alone.
    let alone = without_redis(&clients) - before;
    let allowed = |time: Duration| BURST + RATE * time.as_secs_f64();
    let (least, most) = (0.99 * (allowed(limit) - PROCESSES as f64), allowed(lasted) + alone);
    #[expect(clippy::print_stdout, reason = "the figures of `make flood`")]
    {
        println!(
            "{PROCESSES} processes, {limit:?} at {TIMES} times {RATE}/s: {admitted} admitted of {} \
             offered; {:.2} % of {:.0}; {alone} without Redis",
            tally.offered(),
            100.0 * admitted as f64 / allowed(limit),
            allowed(limit),
        );
    }
    assert!((least..=most).contains(&(admitted as f64)), "{least} to {most}: {admitted}");
}

/// How many requests the processes admitted alone.
fn without_redis(clients: &[Client]) -> f64 {
    let of = |client: &Client| -> f64 {
        let metrics = client.get("/metrics").text();
        let name = "researchflow_rate_limit_without_redis_total ";
        metrics.lines().find_map(|line| line.strip_prefix(name)?.parse().ok()).unwrap()
    };
    clients.iter().map(of).sum()
}
