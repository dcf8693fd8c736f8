//! Into the stream, and out of it when it is old.

use crate::memory::entry;
use crate::world::{LONG, WORKERS, World, usual};
use bus::{Error, Published, Settings};
use std::time::Duration;

fn short() -> Settings {
    Settings { length: 10, ..Settings::default() }
}

/// The ids in the stream.
fn ids(world: &World) -> Vec<String> {
    let entries: Vec<(String, Vec<String>)> = world.server().run("XRANGE ros:insights - +");
    entries.into_iter().map(|(id, _)| id).collect()
}

#[tokio::test]
async fn entries_stand_under_their_index_and_hold_no_text() {
    let world = World::over_redis(usual()).await;
    world.add(3).await;
    assert_eq!(ids(&world), ["0-1", "1-0", "2-0"]);
    let entries: Vec<(String, Vec<(String, String)>)> =
        world.server().run("XRANGE ros:insights 1-0 1-0");
    let names: Vec<&str> = entries[0].1.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "at",
            "v",
            "project_id",
            "event_id",
            "occurred_at",
            "model",
            "status",
            "input_tokens",
            "output_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "reasoning_tokens",
            "cost_nano_usd",
            "unpriced",
        ]
    );
}

#[tokio::test]
async fn two_relays_at_once_publish_everything_once() {
    let world = World::over_redis(usual()).await;
    world.ledger.commit(3_000);
    let (one, two) = tokio::join!(world.relay(), world.relay());
    assert_eq!((one.unwrap(), two.unwrap()), (3_000, 3_000));
    assert_eq!(world.replayed(0).await.unwrap(), world.ledger.entries());
    let stats = world.bus.stats();
    assert_eq!(stats.published, 3_000);
    assert_eq!(world.server().run::<u64>("XLEN ros:insights"), 3_000);
}

#[tokio::test]
async fn publishing_again_is_harmless_and_a_hole_is_refused() {
    let world = World::over_redis(usual()).await;
    let entries: Vec<_> = (0..5).map(entry).collect();
    assert_eq!(world.bus.publish(0, &entries).await.unwrap(), Published::Through(5));
    assert_eq!(world.bus.publish(0, &entries).await.unwrap(), Published::Through(5));
    assert_eq!(world.bus.publish(3, &entries[3..]).await.unwrap(), Published::Through(5));
    assert_eq!(world.bus.publish(9, &[entry(9)]).await.unwrap(), Published::Behind(5));
    assert_eq!(ids(&world).len(), 5);
    assert_eq!((world.bus.stats().published, world.bus.stats().duplicates), (5, 7));
}

#[tokio::test]
async fn an_emptied_stream_begins_where_it_is_needed() {
    let world = World::over_redis(usual()).await;
    world.ledger.commit(100);
    assert_eq!(world.bus.open(60, 100).await.unwrap(), 60);
    assert_eq!(world.bus.open(60, 100).await.unwrap(), 60, "nothing changes");
    let entries = world.ledger.from(60, 40);
    assert_eq!(world.bus.publish(60, &entries).await.unwrap(), Published::Through(100));
    assert_eq!(world.replayed(60).await.unwrap(), entries);
    let replayed = world.replayed(59).await;
    assert!(matches!(replayed, Err(Error::Gone { first: 60 })), "{replayed:?}");
}

#[tokio::test]
async fn a_stream_goes_on_where_it_ends_unless_it_is_too_far_behind() {
    let world = World::over_redis(short()).await;
    world.add(20).await;
    assert_eq!(world.bus.open(25, 40).await.unwrap(), 20, "so that it has no hole");
    assert_eq!(world.bus.open(35, 40).await.unwrap(), 25, "more than it would keep");
    world.bus.publish(25, &[entry(25)]).await.unwrap();
    let replayed = world.replayed(19).await;
    assert!(matches!(replayed, Err(Error::Gone { first: 25 })), "{replayed:?}");
}

#[tokio::test]
async fn a_stream_of_another_ledger_is_begun_anew() {
    let world = World::over_redis(usual()).await;
    world.add(50).await;
    assert_eq!(world.bus.open(10, 30).await.unwrap(), 10);
    assert!(ids(&world).is_empty());
}

#[tokio::test]
async fn trimming_stops_at_what_a_group_still_needs() {
    let world = World::over_redis(short()).await;
    world.group().await;
    world.add(100).await;
    assert_eq!(world.bus.trim().await.unwrap(), 0, "nothing was delivered");
    let mut worker = world.worker("ada");
    let batch = worker.next(80, Duration::ZERO).await.unwrap();
    assert_eq!(world.bus.trim().await.unwrap(), 0, "nothing was acknowledged");
    worker.acknowledge(&batch.deliveries[..30]).await.unwrap();
    worker.acknowledge(&batch.deliveries[31..]).await.unwrap();
    assert_eq!(world.bus.trim().await.unwrap(), 30, "entry 30 is pending");
    assert_eq!(ids(&world).first().unwrap(), "30-0");
    worker.acknowledge(&batch.deliveries[30..31]).await.unwrap();
    assert_eq!(world.bus.trim().await.unwrap(), 50, "entry 80 was not delivered");
    while world.work(&mut worker, 10).await.unwrap() > 0 {}
    assert_eq!(world.bus.trim().await.unwrap(), 10, "ten are to stay");
    assert_eq!(ids(&world).len(), 10);
    assert_eq!(world.bus.trim().await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_old_goes_but_not_what_a_group_needs() {
    let none_is_young = Settings { age: Duration::ZERO, ..Settings::default() };
    let world = World::over_redis(none_is_young).await;
    world.group().await;
    world.add(100).await;
    let mut worker = world.worker("ada");
    world.work(&mut worker, 40).await.unwrap();
    let trimmed = async {
        // The last were added in this very millisecond, perhaps.
        let mut trimmed = 0;
        while trimmed < 40 {
            trimmed += world.bus.trim().await.unwrap();
        }
        trimmed
    };
    assert_eq!(tokio::time::timeout(LONG, trimmed).await.unwrap(), 40);
    assert_eq!(ids(&world).first().unwrap(), "40-0");
    let none_is_old = bus::Info { length: 60, ..world.bus.info().await.unwrap() };
    assert_eq!(world.bus.info().await.unwrap(), none_is_old);
}

#[tokio::test]
async fn a_full_stream_waits_for_its_group() {
    let small = Settings { capacity: 50, ..short() };
    let world = World::over_redis(small).await;
    world.group().await;
    world.add(80).await;
    assert_eq!(ids(&world).len(), 50);
    let mut worker = world.worker("ada");
    let mut rounds = 0;
    while world.cursor().next() < 80 {
        while world.work(&mut worker, 20).await.unwrap() > 0 {}
        world.bus.trim().await.unwrap();
        world.relay().await.unwrap();
        rounds += 1;
        assert!(rounds < 10, "it goes on");
    }
    world.assert_exact();
}

#[tokio::test]
async fn what_cannot_be_read_is_poison() {
    let world = World::over_redis(usual()).await;
    world.group().await;
    world.add(1).await;
    let _: String = world.server().run("XADD ros:insights 1-0 v 2 novelty 7");
    let mut worker = world.worker("ada");
    let batch = worker.next(10, Duration::ZERO).await.unwrap();
    assert_eq!((batch.deliveries.len(), batch.poison.len()), (1, 1));
    let letter = &batch.poison[0];
    assert_eq!((letter.index, letter.since, letter.group.as_str()), (1, 1, WORKERS));
    assert_eq!(letter.reason, "the field v is missing or cannot be read");
    worker.park(letter).await.unwrap();
    assert_eq!(&world.bus.dead_letters().await.unwrap()[0], letter);
    let replayed = world.replayed(0).await;
    assert!(matches!(replayed, Err(Error::Malformed(_))), "{replayed:?}");
}
