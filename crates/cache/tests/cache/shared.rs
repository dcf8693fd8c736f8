//! Two processes that share a Redis.

use crate::source::{SLOT, Source, cache, eventually, scope, settings};
use cache::{Cache, Kind};
use redis_link::redis::{Client, Cmd, Commands, cmd};
use redis_server::{Server, cluster};

/// Runs a command beside the cache.
fn beside<T: redis_link::redis::FromRedisValue>(server: &Server, command: &mut Cmd) -> T {
    command.query(&mut Client::open(server.url()).unwrap().get_connection().unwrap()).unwrap()
}

fn entries(server: &Server) -> Vec<String> {
    beside(server, cmd("KEYS").arg("t:cache:entry:*"))
}

/// Both have heard from Redis, so that what they load is shared.
async fn two(server: &Server) -> (Cache, Cache) {
    let (one, other) = (cache(&server.url()).await, cache(&server.url()).await);
    for cache in [&one, &other] {
        cache.bump(&[scope(9)]).await;
        assert_eq!(cache.stats().unissued, 0);
    }
    (one, other)
}

#[tokio::test]
async fn what_one_loaded_the_other_finds_and_what_one_changed_the_other_drops() {
    let server = Server::start();
    let ((one, other), source) = (two(&server).await, Source::default());
    source.put(1, 5);
    assert_eq!(source.read(&one, &SLOT, 1).await, 5);
    assert_eq!(source.read(&one, &SLOT, 2).await, 0);
    eventually!(entries(&server).len() == 2);
    assert_eq!(source.read(&other, &SLOT, 1).await, 5);
    assert_eq!(source.read(&other, &SLOT, 2).await, 0, "absence is shared as well");
    assert_eq!((source.loads(), other.stats().kinds[0].shared_hits), (2, 2));

    source.write(&one, 1, 6).await;
    assert_eq!(source.read(&one, &SLOT, 1).await, 6);
    eventually!(source.read(&other, &SLOT, 1).await == 6);
    assert_eq!(
        source.loads(),
        3,
        "the other found what one had loaded anew, or loaded nothing old"
    );
}

#[tokio::test]
async fn a_change_whose_message_is_lost_is_heard_of() {
    let server = Server::start();
    let ((one, other), source) = (two(&server).await, Source::default());
    source.put(1, 5);
    for cache in [&one, &other] {
        assert_eq!(source.read(cache, &SLOT, 1).await, 5);
    }
    source.put(1, 6);
    // A generation is issued, and nobody is told.
    let set = "t:cache:generations";
    let newest: Vec<(String, f64)> =
        beside(&server, cmd("ZREVRANGE").arg(set).arg(0).arg(0).arg("WITHSCORES"));
    let next = newest[0].1 as u64 + 1;
    let _: u64 = beside(&server, cmd("ZADD").arg(set).arg(next).arg("slot:1"));
    for cache in [&one, &other] {
        eventually!(source.read(cache, &SLOT, 1).await == 6);
    }
}

#[tokio::test]
async fn altered_entries_and_those_of_another_version_or_secret_are_misses() {
    const NEWER: Kind<u64, u64> = SLOT.version(2);
    let server = Server::start();
    let ((one, other), source) = (two(&server).await, Source::default());
    source.put(1, 5);
    source.read(&one, &SLOT, 1).await;
    eventually!(entries(&server).len() == 1);
    source.read(&other, &NEWER, 1).await;
    assert_eq!(source.loads(), 2);

    let mut connection = Client::open(server.url()).unwrap().get_connection().unwrap();
    for key in entries(&server) {
        let mut bytes: Vec<u8> = connection.get(&key).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        let _: () = connection.set(&key, bytes).unwrap();
    }
    assert_eq!(source.read(&other, &SLOT, 1).await, 5);
    assert_eq!(source.loads(), 3);

    let link = redis_link::Settings::new(server.url(), "this test");
    let link = redis_link::Link::start(link).await.unwrap();
    let stranger = Cache::with_redis(&cache::Settings { secret: [8; 32], ..settings() }, link);
    stranger.bump(&[scope(9)]).await;
    source.read(&stranger, &SLOT, 1).await;
    assert_eq!(source.loads(), 4);
}

#[tokio::test]
async fn what_is_local_never_leaves() {
    const SECRET: Kind<u64, u64> = Kind::local("secret", |id| vec![scope(*id)], |_| 8);
    let server = Server::start();
    let ((one, other), source) = (two(&server).await, Source::default());
    source.put(1, 5);
    source.read(&one, &SECRET, 1).await;
    source.read(&other, &SECRET, 1).await;
    assert_eq!(source.loads(), 2);
    assert_eq!(entries(&server), [""; 0]);
}

#[tokio::test]
async fn a_cluster_does_as_well() {
    let nodes = cluster();
    let hosts: Vec<String> = nodes.iter().map(|it| it.address().to_string()).collect();
    let url = format!("redis+cluster://{}", hosts.join(","));
    let (one, other) = (cache(&url).await, cache(&url).await);
    let source = Source::default();
    for cache in [&one, &other] {
        cache.bump(&[scope(9)]).await;
        eventually!(cache.stats().unissued == 0);
    }
    for id in 1..9 {
        source.put(id, 5);
        assert_eq!(source.read(&one, &SLOT, id).await, 5);
        assert_eq!(source.read(&other, &SLOT, id).await, 5);
        source.write(&one, id, 6).await;
        assert_eq!(source.read(&one, &SLOT, id).await, 6);
        eventually!(source.read(&other, &SLOT, id).await == 6);
    }
    assert!(other.stats().kinds[0].shared_hits > 0, "{:?}", other.stats());
}
