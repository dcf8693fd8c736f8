//! PostgreSQL's primary dies, or is changed over by plan, and its standby takes over: what was
//! acknowledged is there, and nobody has to tell the service.

use super::chaos::fault::Strike;
use super::chaos::promises;
use super::chaos::traffic::{Targets, under_traffic};
use std::time::{Duration, Instant};
use tests::{Replicated, Service, eventually};

/// Two processes on both servers' URL, one with a worker.
fn start(replicated: &Replicated) -> Vec<Service> {
    let first = Service::start(replicated.database());
    let second = first.beside().flag("--no-worker").start();
    vec![first, second]
}

/// Has the standby take over while clients send, so many times: there, and back again.
fn taken_over(times: usize, mut take_over: impl FnMut(&mut Replicated)) {
    let mut replicated = Replicated::start();
    let services = start(&replicated);
    let targets = Targets::of(&services);
    let mut strikes = Vec::new();
    let journal = under_traffic(&targets, "load", || {
        for _ in 0..times {
            std::thread::sleep(Duration::from_millis(500));
            let began = Instant::now();
            take_over(&mut replicated);
            eventually("every process is ready again", || {
                services.iter().all(|it| it.nobody().get("/ready").status == 200).then_some(())
            });
            replicated.follow();
            let healed = Instant::now();
            strikes.push(Strike {
                what: "another server takes over".to_owned(),
                began,
                healed,
                refuses: true,
                silences: false,
            });
        }
    });
    for Strike { began, healed, .. } in &strikes {
        let silence = journal.longest_silence(*began, *healed);
        #[expect(clippy::print_stdout, reason = "how long it takes is for people to judge")]
        {
            println!("nothing was acknowledged for {silence:?}");
        }
    }
    let admin = services[0].admin();
    promises::hold(&services[0], &admin, &journal, &strikes);
}

#[test]
fn a_killed_primary_is_replaced() {
    taken_over(2, |replicated| {
        replicated.kill_primary();
        replicated.promote();
    });
}

/// No connection ends: those to the old server must be given up by themselves.
#[test]
fn a_primary_that_was_made_read_only_is_left() {
    taken_over(1, |replicated| {
        replicated.fence_primary();
        replicated.promote();
    });
}
