//! The link against real servers that fail.

#![expect(clippy::unwrap_used, reason = "what fails in a test is to stop it")]

use redis_link::redis::cmd;
use redis_link::{Fault, Link, Settings, UrlError};
use redis_server::{Server, cluster, sentinel};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

async fn link(url: impl Into<String>) -> Arc<Link> {
    Link::start(Settings::new(url, "this test")).await.unwrap()
}

async fn set(link: &Arc<Link>, key: &str, value: u64) -> Result<(), Fault> {
    let mut set = cmd("SET");
    set.arg(key).arg(value);
    link.call(|mut redis| async move { set.exec_async(&mut redis).await }).await
}

async fn get(link: &Arc<Link>, key: &str) -> Result<Option<u64>, Fault> {
    let mut get = cmd("GET");
    get.arg(key);
    link.call(|mut redis| async move { get.query_async(&mut redis).await }).await
}

/// Asks again and again until it is so.
macro_rules! eventually {
    ($so:expr) => {
        tokio::time::timeout(Duration::from_secs(30), async {
            while !$so {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect(stringify!($so))
    };
}

#[tokio::test]
async fn a_frozen_a_killed_and_an_absent_server_end_every_call_and_come_back() {
    let mut server = Server::start();
    let link = link(server.url()).await;
    set(&link, "a", 1).await.unwrap();
    server.freeze();
    for _ in 0..3 {
        assert!(matches!(get(&link, "a").await, Err(Fault::TooSlow)));
    }
    assert!(matches!(get(&link, "a").await, Err(Fault::Resting)));
    assert!(!link.stats().in_use);
    server.thaw();
    eventually!(matches!(get(&link, "a").await, Ok(Some(1))));
    server.kill();
    eventually!(matches!(get(&link, "a").await, Err(Fault::Resting)));
    assert!(matches!(link.dedicated().await, Err(Fault::Resting)));
    server.restart();
    eventually!(matches!(get(&link, "a").await, Ok(None)));
    assert_eq!(link.stats().opened, 2);
}

#[tokio::test]
async fn a_server_that_is_away_at_the_start_is_found_later() {
    let mut server = Server::start();
    server.kill();
    let link = link(server.url()).await;
    assert!(matches!(get(&link, "a").await, Err(Fault::Resting)));
    server.restart();
    eventually!(set(&link, "a", 1).await.is_ok());
}

#[tokio::test]
async fn a_replica_is_away_until_it_is_a_master_again() {
    let server = Server::start();
    let used = link(server.url()).await;
    set(&used, "a", 1).await.unwrap();
    server.ask("REPLICAOF 127.0.0.1 1");
    assert!(matches!(set(&used, "a", 2).await, Err(Fault::Broken(_))));
    let late = link(server.url()).await;
    for _ in 0..20 {
        for link in [&used, &late] {
            assert!(matches!(get(link, "a").await, Err(Fault::Resting)));
        }
        sleep(Duration::from_millis(20)).await;
    }
    server.ask("REPLICAOF NO ONE");
    for link in [&used, &late] {
        eventually!(set(link, "a", 3).await.is_ok());
    }
    assert_eq!(used.stats().opened, 1);
}

#[tokio::test]
async fn a_refused_command_opens_nothing() {
    let server = Server::start();
    let link = link(server.url()).await;
    for _ in 0..10 {
        let answer = link
            .call(|mut redis| async move { cmd("NONSENSE").exec_async(&mut redis).await })
            .await;
        assert!(matches!(answer, Err(Fault::Refused(_))));
    }
    set(&link, "a", 1).await.unwrap();
    assert_eq!(link.stats().failures, 0);
}

#[tokio::test]
async fn a_dedicated_connection_blocks_nobody_else() {
    let server = Server::start();
    let link = link(server.url()).await;
    let mut mine = link.dedicated().await.unwrap();
    let ours = Arc::clone(&link);
    let waiting = tokio::spawn(async move {
        let mut pop = cmd("BLPOP");
        pop.arg("list").arg(20);
        ours.blocking(Duration::from_secs(20), pop.query_async::<(String, u64)>(&mut mine)).await
    });
    set(&link, "a", 1).await.unwrap();
    server.ask("RPUSH list 7");
    assert_eq!(waiting.await.unwrap().unwrap(), ("list".to_owned(), 7));
}

#[tokio::test]
async fn a_socket_on_this_machine_will_do() {
    let folder = redis_server::folder();
    let socket = folder.path().join("redis.sock").display().to_string();
    let _server = Server::with(&["--unixsocket", &socket]);
    let link = link(format!("redis+unix://{socket}")).await;
    set(&link, "a", 1).await.unwrap();
    assert_eq!(get(&link, "a").await.unwrap(), Some(1));
}

#[tokio::test]
async fn sentinels_say_who_is_master_after_a_failover_too() {
    let mut master = Server::start();
    let port = master.address().port().to_string();
    let replica = Server::with(&["--replicaof", "127.0.0.1", &port]);
    eventually!(replica.ask("ROLE").starts_with("*5"));
    let sentinel = sentinel(&master, 1);
    let link = link(format!("redis+sentinel://{}/main", sentinel.address())).await;
    eventually!(set(&link, "a", 1).await.is_ok());
    // Sentinel hears of replicas from the master, every ten seconds or when it is new to it.
    eventually!(sentinel.ask("SENTINEL REPLICAS main").starts_with("*1"));
    master.kill();
    eventually!(set(&link, "b", 2).await.is_ok());
    assert_eq!(get(&link, "b").await.unwrap(), Some(2));
    assert_eq!(replica.ask("ROLE"), "*3", "the replica is master");
}

#[tokio::test]
async fn a_cluster_serves_keys_and_messages_wherever_they_are() {
    let nodes = cluster();
    let hosts: Vec<String> = nodes.iter().take(3).map(|it| it.address().to_string()).collect();
    let link = link(format!("redis+cluster://{}", hosts.join(","))).await;
    for key in ["a", "b", "c", "d", "e", "f"] {
        eventually!(set(&link, key, 1).await.is_ok());
        assert_eq!(get(&link, key).await.unwrap(), Some(1));
    }
    let mut listening = link.subscribe("news").await.unwrap();
    nodes[5].ask("PUBLISH news 1");
    let mut messages = listening.on_message();
    let heard = futures_util::StreamExt::next(&mut messages).await.unwrap();
    assert_eq!(heard.get_payload::<String>().unwrap(), "1");
}

#[tokio::test]
async fn a_url_that_means_nothing_is_refused() {
    let start = |url: &str| Link::start(Settings::new(url, "this test"));
    assert!(matches!(start("http://a").await, Err(UrlError::Scheme)));
    assert!(matches!(start("localhost").await, Err(UrlError::Scheme)));
    assert!(matches!(start("redis+sentinel://a,b").await, Err(UrlError::NoService)));
    assert!(matches!(start("redis+sentinel://a/m?x=y").await, Err(UrlError::Parameter)));
    assert!(matches!(start("redis+cluster://a,b/1").await, Err(UrlError::Parameter)));
    assert!(matches!(start("redis://a/x").await, Err(UrlError::Unreadable(_))));
    let shown = format!("{:?}", Settings::new("redis://:secret@a", "this test"));
    assert!(!shown.contains("secret"), "{shown}");
}
