//! Redis breaks while others read and write: nobody is refused, and a second stays a second.

use super::Two;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tests::{Database, Link, PROJECT, Redis, Service, both};

both!(redis_may_be_frozen_killed_and_emptied, one_process_may_be_cut_off);

fn redis_may_be_frozen_killed_and_emptied(database: Database) {
    let mut redis = Redis::start();
    let two = Two::start(database, &redis);
    under_reads(&two, || {
        two.changes_are_seen(&two.a, &two.b, "before");
        redis.freeze();
        two.changes_are_seen(&two.a, &two.b, "frozen");
        two.changes_are_seen(&two.b, &two.a, "frozen-still");
        redis.thaw();
        two.changes_are_seen(&two.a, &two.b, "thawed");
        redis.flush();
        two.changes_are_seen(&two.a, &two.b, "emptied");
        redis.kill();
        two.changes_are_seen(&two.a, &two.b, "killed");
        redis.restart();
        two.changes_are_seen(&two.b, &two.a, "restarted");
    });
}

/// The writer cannot tell anybody, and the reader, whose Redis answers, has no reason to doubt.
fn one_process_may_be_cut_off(database: Database) {
    let redis = Redis::start();
    let address = redis.url();
    let cable = Link::to(address.strip_prefix("redis://").unwrap().parse().unwrap());
    let through = format!("redis://{}", cable.address());
    let a = Service::builder(database).env("REDIS_URL", &through).start();
    let b = a.beside().env("REDIS_URL", &address).start();
    let two = Two { a, b };
    two.changes_are_seen(&two.a, &two.b, "whole");
    cable.cut();
    two.changes_are_seen(&two.a, &two.b, "cut");
    two.changes_are_seen(&two.b, &two.a, "cut-still");
    cable.mend();
    two.changes_are_seen(&two.a, &two.b, "mended");
}

/// Reads from both all the time while `what` happens; none may fail.
fn under_reads(two: &Two, what: impl FnOnce()) {
    struct Done<'a>(&'a AtomicBool);
    /// Ends the threads even if `what` panics.
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _done = Done(&done);
        for service in [&two.a, &two.b] {
            let (client, done) = (service.key(), &done);
            scope.spawn(move || {
                while !done.load(Relaxed) {
                    client.get(PROJECT).expect(200);
                }
            });
        }
        what();
    });
}
