//! What holds for the feed whichever way it goes.

use crate::memory::entry;
use crate::world::{LONG, WORKERS, World, hasty, usual};
use bus::{DeadLetter, Error};
use std::time::Duration;

/// The same tests over Redis, over the database, and, one after another, over a Cluster.
macro_rules! everywhere {
    ($($test:ident($settings:ident)),* $(,)?) => {
        everywhere!(redis, over_redis, $($test($settings)),*);
        everywhere!(database, over_database, $($test($settings)),*);

        #[tokio::test]
        async fn all_of_it_over_a_cluster() {
            let node = redis_server::lone_cluster();
            $($test(World::on_cluster(&node, $settings()).await).await;)*
        }
    };
    ($name:ident, $make:ident, $($test:ident($settings:ident)),*) => {
        mod $name {
            use crate::world::World;

            $(#[tokio::test]
            async fn $test() {
                super::$test(World::$make(super::$settings()).await).await;
            })*
        }
    };
}
pub(crate) use everywhere;

everywhere!(
    every_entry_comes_once_and_in_order(usual),
    what_is_acknowledged_does_not_come_again(hasty),
    what_is_not_acknowledged_comes_again_to_another(hasty),
    whoever_waits_is_woken(usual),
    groups_are_apart(usual),
    a_group_moves_forward_and_never_back(usual),
    a_group_must_be_made(usual),
    erased_entries_are_passed_over(usual),
    replay_begins_anywhere(usual),
    the_feed_tells_how_it_stands(usual),
    dead_letters_are_listed_retried_and_dropped(usual),
);

async fn every_entry_comes_once_and_in_order(world: World) {
    world.group().await;
    world.add(700).await;
    let mut worker = world.worker("ada");
    let mut came = Vec::new();
    while came.len() < 700 {
        let batch = worker.next(300, Duration::ZERO).await.unwrap();
        assert!(batch.poison.is_empty());
        assert!(batch.deliveries.iter().all(|it| it.deliveries == 1 && it.since == it.entry.index));
        worker.acknowledge(&batch.deliveries).await.unwrap();
        came.extend(batch.deliveries.into_iter().map(|it| it.entry));
    }
    assert_eq!(came, world.ledger.entries());
    assert!(worker.next(300, Duration::ZERO).await.unwrap().is_empty());
    assert_eq!((world.bus.stats().consumed, world.bus.stats().acknowledged), (700, 700));
}

async fn what_is_acknowledged_does_not_come_again(world: World) {
    world.group().await;
    world.add(3).await;
    let mut worker = world.worker("ada");
    let batch = worker.next(10, Duration::ZERO).await.unwrap();
    worker.acknowledge(&batch.deliveries[..1]).await.unwrap();
    worker.acknowledge(&batch.deliveries[2..]).await.unwrap();
    worker.acknowledge(&batch.deliveries[2..]).await.unwrap();
    let again = until_it_comes(&world, "bob").await;
    assert_eq!(again.deliveries.len(), 1);
    assert_eq!(again.deliveries[0].entry, entry(1));
}

/// Polls until something is reclaimed.
async fn until_it_comes(world: &World, name: &str) -> bus::Batch {
    let mut worker = world.worker(name);
    let came = async {
        loop {
            let batch = worker.next(10, Duration::ZERO).await.unwrap();
            if !batch.is_empty() {
                return batch;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(LONG, came).await.expect("it comes again")
}

async fn what_is_not_acknowledged_comes_again_to_another(world: World) {
    world.group().await;
    world.add(2).await;
    let first = world.worker("ada").next(10, Duration::ZERO).await.unwrap();
    let second = until_it_comes(&world, "bob").await;
    assert!(first.deliveries.iter().all(|it| it.deliveries == 1));
    assert_eq!(second.deliveries.iter().map(|it| it.deliveries).collect::<Vec<_>>(), [2, 2]);
    // Who is to blame? From now on they come one at a time.
    for times in 3..=5 {
        let again = until_it_comes(&world, "cleo").await;
        assert_eq!(again.deliveries.len(), 1);
        assert_eq!(again.deliveries[0].deliveries, times);
        if times == 3 {
            let innocent = again.deliveries[0].entry.index;
            world.worker("cleo").acknowledge(&again.deliveries).await.unwrap();
            assert_eq!(innocent, 0);
            let other = until_it_comes(&world, "dan").await;
            assert_eq!(other.deliveries[0].entry.index, 1);
        }
    }
}

async fn whoever_waits_is_woken(world: World) {
    world.group().await;
    let mut worker = world.worker("ada");
    let (batch, ()) = tokio::join!(worker.next(10, LONG), world.add(1));
    assert_eq!(batch.unwrap().deliveries[0].entry, entry(0));
    assert!(worker.next(10, Duration::from_millis(1)).await.unwrap().is_empty());
}

async fn groups_are_apart(world: World) {
    world.group().await;
    world.bus.create_group("others", 0).await.unwrap();
    world.add(5).await;
    for group in [WORKERS, "others"] {
        let mut consumer = world.bus.consumer(group, "ada");
        assert_eq!(consumer.next(10, Duration::ZERO).await.unwrap().deliveries.len(), 5);
    }
}

async fn a_group_moves_forward_and_never_back(world: World) {
    world.group().await;
    world.add(10).await;
    world.bus.create_group(WORKERS, 6).await.unwrap();
    world.bus.create_group(WORKERS, 2).await.unwrap();
    let batch = world.worker("ada").next(10, Duration::ZERO).await.unwrap();
    let indexes: Vec<u64> = batch.deliveries.iter().map(|it| it.entry.index).collect();
    assert_eq!(indexes, [6, 7, 8, 9]);
}

async fn a_group_must_be_made(world: World) {
    world.add(1).await;
    let missing = world.worker("ada").next(1, Duration::ZERO).await;
    assert!(matches!(missing, Err(Error::NoGroup)), "{missing:?}");
    assert_eq!(world.bus.stats().errors, 1);
}

async fn erased_entries_are_passed_over(world: World) {
    world.group().await;
    world.ledger.commit(10);
    [0, 1, 4, 5, 8].into_iter().for_each(|index| world.ledger.erase(index));
    world.relay().await.unwrap();
    let mut worker = world.worker("ada");
    let batch = worker.next(3, Duration::ZERO).await.unwrap();
    let places: Vec<_> = batch.deliveries.iter().map(|it| (it.since, it.entry.index)).collect();
    assert_eq!(places, [(0, 2), (3, 3), (4, 6)]);
    world.apply(&batch);
    assert_eq!(world.cursor().next(), 7);
    worker.acknowledge(&batch.deliveries).await.unwrap();
    while world.work(&mut worker, 3).await.unwrap() > 0 {}
    assert_eq!(world.cursor().next(), 10);
    world.assert_exact();
    assert_eq!(world.replayed(0).await.unwrap(), world.ledger.entries());
}

async fn replay_begins_anywhere(world: World) {
    world.add(1200).await;
    for from in [0, 1, 599, 1199, 1200] {
        let expected = world.ledger.from(from, usize::MAX);
        assert_eq!(world.replayed(from).await.unwrap(), expected, "from {from}");
    }
}

async fn the_feed_tells_how_it_stands(world: World) {
    world.group().await;
    world.add(10).await;
    let mut worker = world.worker("ada");
    let batch = worker.next(4, Duration::ZERO).await.unwrap();
    worker.acknowledge(&batch.deliveries[..1]).await.unwrap();
    let info = world.bus.info().await.unwrap();
    assert_eq!((info.length, info.first, info.next), (10, Some(0), 10));
    let [group] = info.groups.as_slice() else { panic!("one group") };
    assert_eq!((group.name.as_str(), group.consumers, group.pending), (WORKERS, 1, 3));
    assert_eq!((group.acknowledged, group.delivered, group.lag), (1, 4, 9));
}

async fn dead_letters_are_listed_retried_and_dropped(world: World) {
    world.group().await;
    world.add(4).await;
    let mut worker = world.worker("ada");
    let mut batch = worker.next(10, Duration::ZERO).await.unwrap();
    for poison in [3, 1] {
        let delivery = batch.deliveries.remove(poison);
        let letter = DeadLetter::new(worker.group(), &delivery, "it does not add up");
        batch.poison.push(letter);
    }
    world.apply(&batch);
    worker.acknowledge(&batch.deliveries).await.unwrap();
    for letter in batch.poison.iter().chain(&batch.poison) {
        worker.park(letter).await.unwrap();
    }
    assert_eq!(world.cursor().parked().collect::<Vec<_>>(), [1, 3]);
    let info = world.bus.info().await.unwrap();
    assert_eq!(info.groups[0].lag, 0, "who parks acknowledges");

    let letters = world.bus.dead_letters().await.unwrap();
    batch.poison.sort_by_key(|letter| letter.index);
    assert_eq!(letters, batch.poison);
    assert_eq!(letters[0].entry().unwrap(), entry(1));
    assert!(world.bus.discard(WORKERS, 1).await.unwrap());
    assert!(!world.bus.discard(WORKERS, 1).await.unwrap());
    assert!(!world.bus.discard("others", 3).await.unwrap());
    assert_eq!(world.bus.dead_letters().await.unwrap(), batch.poison[1..]);
}
