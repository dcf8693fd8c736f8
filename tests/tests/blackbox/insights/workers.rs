//! Workers are killed at any moment; relays and workers are as many as one likes.
//!
//! Those that read from Redis die in `resilience::chaos`.

use super::counts::all_is_added_up;
use super::load::under_load;
use rand::RngExt;
use std::time::Duration;
use tests::{Database, Redis, Service, both};

both!(workers_die_reading_from_the_database, two_relays_and_four_workers);

const DEATHS: usize = 5;

fn workers_die_reading_from_the_database(database: Database) {
    let service = &Service::builder(database).flag("--no-worker").start();
    let admin = service.admin();
    under_load(&service.key(), "load", || {
        let _other = service.worker();
        for _ in 0..DEATHS {
            let worker = service.worker();
            std::thread::sleep(Duration::from_millis(rand::rng().random_range(50..600)));
            worker.kill();
        }
    });
    // What the dead had comes to this one, after the half minute that they were given; what it
    // cannot have from there, it counts itself.
    let _last = service.worker();
    tests::within(Duration::from_secs(120), "everything is in the rollups", || {
        let told = super::counts::stream(&admin);
        (told["unapplied"] == 0).then_some(())
    });
    all_is_added_up(service, &admin);
}

fn two_relays_and_four_workers(database: Database) {
    let redis = Redis::start();
    let builder = Service::builder(database).flag("--no-worker");
    let first = builder.env("REDIS_URL", &redis.url()).start();
    let second = first.beside().start();
    let admin = first.admin();
    let workers: Vec<_> = (0..4).map(|_| first.worker()).collect();
    under_load(&first.key(), "one", || {
        under_load(&second.key(), "two", || std::thread::sleep(Duration::from_secs(2)));
    });
    all_is_added_up(&first, &admin);
    let end: usize = super::counts::stream(&admin)["ledger_end"].as_u64().unwrap() as usize;
    tests::eventually("all of it is in the stream", || {
        (redis.cli(&["XLEN", "ros:insights"]).trim() == end.to_string()).then_some(())
    });
    for worker in workers {
        assert_eq!(worker.stop().code(), Some(0));
    }
}
