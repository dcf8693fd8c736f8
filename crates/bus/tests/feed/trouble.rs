//! Redis emptied, killed, frozen, and replaced by an older copy of itself.

use crate::world::{LONG, WORKERS, World, hasty};
use bus::{Bus, Error, Published, Settings};
use redis_link::Limits;
use redis_server::Server;
use std::time::Duration;

/// With a patience that ends. A machine that is busy with other builds may seem slow even so.
async fn impatient(settings: Settings) -> World {
    let half = Duration::from_millis(500);
    let limits = Limits { create: half, recycle: half, command: half };
    World::on(Server::start(), settings, limits).await
}

/// Makes the group and relays until Redis takes it.
async fn until_relayed(world: &World) {
    let relay = async || {
        world.bus.create_group(WORKERS, world.cursor().next()).await?;
        world.relay().await
    };
    let relayed = async {
        while relay().await.is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LONG, relayed).await.expect("Redis is used again");
}

#[tokio::test]
async fn an_emptied_redis_loses_and_doubles_nothing() {
    let world = World::over_redis(hasty()).await;
    world.group().await;
    world.add(300).await;
    let mut worker = world.worker("ada");
    // A hundred had their effect, a hundred more are on their way, and the rest waits.
    world.work(&mut worker, 100).await.unwrap();
    let on_its_way = worker.next(100, Duration::ZERO).await.unwrap();
    let _: String = world.server().run("FLUSHALL");

    world.ledger.commit(50);
    let published = world.bus.publish(300, &world.ledger.from(300, 50)).await.unwrap();
    assert_eq!(published, Published::Behind(0));
    world.apply(&on_its_way);
    worker.acknowledge(&on_its_way.deliveries).await.unwrap();
    world.relay().await.unwrap();
    world.work_until_done(&mut worker).await;
    world.assert_exact();
}

#[tokio::test]
async fn an_older_copy_is_filled_up_from_its_end() {
    let world = World::over_redis(hasty()).await;
    world.group().await;
    world.add(100).await;
    let mut worker = world.worker("ada");
    let older: Vec<u8> = world.server().run("DUMP ros:insights");
    world.add(100).await;
    while world.work(&mut worker, 90).await.unwrap() > 0 {}
    restore(&world, &older);

    world.ledger.commit(10);
    let published = world.bus.publish(200, &world.ledger.from(200, 10)).await.unwrap();
    assert_eq!(published, Published::Behind(100));
    world.relay().await.unwrap();
    world.work_until_done(&mut worker).await;
    world.assert_exact();
    assert_eq!(world.replayed(0).await.unwrap(), world.ledger.entries());
}

fn restore(world: &World, older: &[u8]) {
    use redis_link::redis;
    let mut connection =
        redis::Client::open(world.server().url()).unwrap().get_connection().unwrap();
    let mut call = redis::cmd("RESTORE");
    call.arg("ros:insights").arg(0).arg(older).arg("REPLACE");
    let _: String = call.query(&mut connection).unwrap();
}

#[tokio::test]
async fn a_killed_redis_is_done_without_and_used_again() {
    let mut world = impatient(hasty()).await;
    world.ledger.commit(100);
    until_relayed(&world).await;
    let database = Bus::database(world.ledger.clone(), hasty());
    let mut over_redis = world.worker("ada");
    let mut over_database = database.consumer(WORKERS, "ada");
    for _ in 0..3 {
        // Some of it may be acknowledged and some not.
        let _ = world.work(&mut over_redis, 20).await;
        world.server.as_mut().unwrap().kill();
        world.ledger.commit(100);
        assert!(world.relay().await.is_err());
        assert!(over_redis.next(10, LONG).await.is_err());
        database.create_group(WORKERS, world.cursor().next()).await.unwrap();
        world.work(&mut over_database, 70).await.unwrap();

        world.server.as_mut().unwrap().restart();
        world.ledger.commit(100);
        until_relayed(&world).await;
    }
    world.work_until_done(&mut over_redis).await;
    world.assert_exact();
}

#[tokio::test]
async fn nobody_waits_for_a_frozen_redis() {
    let world = impatient(hasty()).await;
    world.ledger.commit(50);
    until_relayed(&world).await;
    let mut worker = world.worker("ada");
    while worker.next(10, Duration::ZERO).await.is_err() {}

    world.server().freeze();
    let all_end = async {
        assert!(world.relay().await.is_err());
        assert!(worker.next(10, Duration::from_millis(50)).await.is_err());
        assert!(world.bus.info().await.is_err());
        assert!(world.bus.trim().await.is_err());
        assert!(world.bus.dead_letters().await.is_err());
        while !matches!(world.relay().await, Err(Error::Redis(redis_link::Fault::Resting))) {}
    };
    // Each ends within its own limit; this one is for a machine that is busy.
    tokio::time::timeout(LONG, all_end).await.expect("nobody waits");
    world.server().thaw();

    until_relayed(&world).await;
    world.work_until_done(&mut worker).await;
    world.assert_exact();
}

#[tokio::test]
async fn what_redis_lost_with_its_delivery_notes_is_missed_by_the_cursor() {
    let world = World::over_redis(hasty()).await;
    world.group().await;
    world.add(30).await;
    let mut worker = world.worker("ada");
    worker.next(10, Duration::ZERO).await.unwrap();
    let _: u64 = world.server().run("XDEL ros:insights 3-0 4-0");
    let all_but_the_lost = async {
        loop {
            world.work(&mut worker, 100).await.unwrap();
            let group = world.bus.info().await.unwrap().groups.remove(0);
            if group.lag == 0 {
                return group;
            }
        }
    };
    let group = tokio::time::timeout(LONG, all_but_the_lost).await.unwrap();
    assert_eq!(world.cursor().missing(group.acknowledged), [3..=4]);
    assert_eq!(world.bus.stats().lost, 2);
}
