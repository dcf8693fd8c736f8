//! Redis fails, and nobody notices but by the time it takes.

use crate::source::{SLOT, Source, cache, eventually, scope};
use redis_server::{Server, sentinel};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

#[tokio::test]
async fn while_redis_is_gone_a_write_is_seen_by_its_writer_at_once_and_by_others_soon() {
    let mut server = Server::start();
    let (one, other) = (cache(&server.url()).await, cache(&server.url()).await);
    let source = Source::default();
    for freeze in [true, false] {
        source.write(&one, 1, 5).await;
        eventually!(source.read(&other, &SLOT, 1).await == 5);
        if freeze {
            server.freeze();
        } else {
            server.kill();
        }
        source.write(&one, 1, 6).await;
        assert_eq!(source.read(&one, &SLOT, 1).await, 6);
        eventually!(source.read(&other, &SLOT, 1).await == 6);
        assert_eq!(one.stats().unissued, 1);
        eventually!(!one.stats().redis.unwrap().in_use);
        assert_eq!(source.read(&one, &SLOT, 1).await, 6);
        if freeze {
            server.thaw();
        } else {
            server.restart();
        }
        eventually!(one.stats().unissued == 0);
        eventually!(other.stats().redis.unwrap().in_use);
        source.write(&other, 1, 7).await;
        assert_eq!(source.read(&other, &SLOT, 1).await, 7);
        eventually!(source.read(&one, &SLOT, 1).await == 7);
    }
}

#[tokio::test]
async fn what_changed_before_redis_was_emptied_is_heard_of() {
    let server = Server::start();
    let (one, other) = (cache(&server.url()).await, cache(&server.url()).await);
    let source = Source::default();
    source.write(&one, 1, 5).await;
    eventually!(source.read(&other, &SLOT, 1).await == 5);
    // The change is lost with everything else.
    source.put(1, 6);
    server.ask("FLUSHALL");
    eventually!(source.read(&other, &SLOT, 1).await == 6);
    eventually!(source.read(&one, &SLOT, 1).await == 6);
}

#[tokio::test]
async fn redis_may_be_away_from_the_start() {
    let mut server = Server::start();
    server.kill();
    let (cache, source) = (cache(&server.url()).await, Source::default());
    source.write(&cache, 1, 5).await;
    assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
    server.restart();
    eventually!(cache.stats().unissued == 0);
    assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
}

#[tokio::test]
async fn a_failover_to_a_replica_is_followed() {
    let mut master = Server::start();
    let port = master.address().port().to_string();
    let replica = Server::with(&["--replicaof", "127.0.0.1", &port]);
    eventually!(replica.ask("ROLE").starts_with("*5"));
    let sentinel = sentinel(&master, 1);
    eventually!(sentinel.ask("SENTINEL REPLICAS main").starts_with("*1"));
    let url = format!("redis+sentinel://{}/main", sentinel.address());
    let (one, other) = (cache(&url).await, cache(&url).await);
    let source = Source::default();
    source.write(&one, 1, 5).await;
    eventually!(source.read(&other, &SLOT, 1).await == 5);
    master.kill();
    source.write(&one, 1, 6).await;
    assert_eq!(source.read(&one, &SLOT, 1).await, 6);
    eventually!(one.stats().unissued == 0);
    assert_eq!(source.read(&one, &SLOT, 1).await, 6);
    eventually!(source.read(&other, &SLOT, 1).await == 6);
}

/// Two writers read back what they wrote while Redis is frozen, emptied, killed and restarted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_writer_reads_what_was_before_whatever_redis_does() {
    let mut server = Server::start();
    let (source, over) = (Source::default(), Arc::new(AtomicBool::new(false)));
    let mut writers = Vec::new();
    for id in [1, 2] {
        let (cache, source) = (cache(&server.url()).await, source.clone());
        let over = Arc::clone(&over);
        writers.push(tokio::spawn(async move {
            let mut value = 0;
            while !over.load(SeqCst) {
                value += 1;
                source.write(&cache, id, value).await;
                for _ in 0..3 {
                    assert_eq!(source.read(&cache, &SLOT, id).await, value);
                }
                // The other's slot, so that each finds what the other stored.
                source.read(&cache, &SLOT, 3 - id).await;
            }
            (cache, value)
        }));
    }
    let round = tokio::task::spawn_blocking(move || {
        for _ in 0..3 {
            server.freeze();
            std::thread::sleep(std::time::Duration::from_millis(400));
            server.thaw();
            std::thread::sleep(std::time::Duration::from_millis(400));
            server.ask("FLUSHALL");
            server.restart();
            std::thread::sleep(std::time::Duration::from_millis(400));
        }
        server
    });
    let server = round.await.unwrap();
    over.store(true, SeqCst);
    let mut ends = Vec::new();
    for writer in writers {
        ends.push(writer.await.unwrap());
    }
    for (cache, _) in &ends {
        for (id, value) in [(1, ends[0].1), (2, ends[1].1)] {
            eventually!(source.read(cache, &SLOT, id).await == value);
        }
    }
    for (cache, _) in &ends {
        cache.bump(&[scope(9)]).await;
    }
    drop(server);
}
