//! Consumers that share a group, and die.

use crate::everywhere::everywhere;
use crate::world::{LONG, World, hasty};
use bus::Settings;
use rand::RngExt;
use std::time::Duration;

everywhere!(
    those_who_die_at_random_lose_and_double_nothing(hasty_and_forgiving),
    an_entry_that_ends_its_consumers_is_found_and_its_neighbours_go_free(hasty),
);

/// On a busy machine an entry comes many times before even a live consumer has acknowledged it.
fn hasty_and_forgiving() -> Settings {
    Settings { max_deliveries: u64::MAX, ..hasty() }
}

/// How far a consumer comes with a batch before it dies.
#[derive(Clone, Copy, PartialEq)]
enum Death {
    BeforeTheCommit,
    AfterTheCommit,
    No,
}

async fn those_who_die_at_random_lose_and_double_nothing(world: World) {
    const ENTRIES: u64 = 2_000;
    world.group().await;
    let four = (0..4).map(|place| die_and_go_on(&world, place));
    let publish = async {
        for _ in 0..20 {
            world.add(ENTRIES / 20).await;
            tokio::task::yield_now().await;
        }
    };
    let all = futures_util::future::join(futures_util::future::join_all(four), publish);
    tokio::time::timeout(LONG, all).await.expect("everything has its effect");
    world.assert_exact();
    assert_eq!(world.cursor().parked().count(), 0);

    async fn die_and_go_on(world: &World, place: u32) {
        for life in 0.. {
            let mut worker = world.worker(&format!("worker-{place}-{life}"));
            loop {
                if world.cursor().next() == ENTRIES {
                    return;
                }
                let batch = worker.next(50, Duration::from_millis(1)).await.unwrap();
                let death = match rand::rng().random_range(0..6) {
                    0 => Death::BeforeTheCommit,
                    1 => Death::AfterTheCommit,
                    _ => Death::No,
                };
                if death == Death::BeforeTheCommit {
                    break;
                }
                world.apply(&batch);
                if death == Death::AfterTheCommit {
                    break;
                }
                worker.acknowledge(&batch.deliveries).await.unwrap();
            }
        }
    }
}

async fn an_entry_that_ends_its_consumers_is_found_and_its_neighbours_go_free(world: World) {
    const POISON: u64 = 13;
    world.group().await;
    world.add(40).await;
    let found = async {
        for life in 0.. {
            let mut worker = world.worker(&format!("worker-{life}"));
            loop {
                let batch = worker.next(40, Duration::from_millis(1)).await.unwrap();
                if batch.deliveries.iter().any(|it| it.entry.index == POISON) {
                    break;
                }
                world.apply(&batch);
                worker.acknowledge(&batch.deliveries).await.unwrap();
                for letter in &batch.poison {
                    worker.park(letter).await.unwrap();
                }
                if world.cursor().next() == 40 {
                    return;
                }
            }
        }
    };
    tokio::time::timeout(LONG, found).await.expect("it is found");
    let letters = world.bus.dead_letters().await.unwrap();
    assert_eq!(letters.iter().map(|it| it.index).collect::<Vec<_>>(), [POISON]);
    assert_eq!(letters[0].deliveries, 6);
    assert_eq!(letters[0].reason, "it was delivered 5 times and never acknowledged");
    assert_eq!(world.cursor().parked().collect::<Vec<_>>(), [POISON]);
}
