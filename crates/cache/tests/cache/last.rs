//! What was last known, for when loads fail.

use crate::source::{SLOT, Source, eventually, scope};
use cache::{Cache, Kind, Scope, Settings};
use std::io;
use std::time::Duration;
use tokio::time::advance;

const KEPT: Kind<u64, u64> = Kind::local("kept", |id| vec![scope(*id)], |_| 8)
    .ttl(Duration::from_millis(900))
    .last_known(Duration::from_secs(60));

async fn fails(cache: &Cache) -> bool {
    cache.get(&KEPT, &1, || async { Err(io::Error::other("down")) }).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn it_outlives_what_is_believed_but_not_its_window() {
    let (cache, source) = (Cache::alone(&Settings::default()), Source::default());
    assert_eq!(cache.last_known(&KEPT, &1), None);
    source.put(1, 5);
    assert_eq!(source.read(&cache, &KEPT, 1).await, 5);
    for _ in 0..50 {
        advance(Duration::from_secs(1)).await;
        assert!(fails(&cache).await, "nothing is believed for so long");
        assert_eq!(cache.last_known(&KEPT, &1).as_deref(), Some(&5));
    }
    advance(Duration::from_secs(11)).await;
    assert_eq!(cache.last_known(&KEPT, &1), None);
}

#[tokio::test]
async fn a_kind_that_does_not_ask_for_it_has_none() {
    let (cache, source) = (Cache::alone(&Settings::default()), Source::default());
    source.put(1, 5);
    assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
    assert_eq!(cache.last_known(&SLOT, &1), None);
}

#[tokio::test(start_paused = true)]
async fn a_change_or_a_load_that_finds_nothing_ends_it() {
    let (cache, source) = (Cache::alone(&Settings::default()), Source::default());
    for changed in [scope(1), Scope::EVERYTHING] {
        source.put(1, 5);
        assert_eq!(source.read(&cache, &KEPT, 1).await, 5);
        cache.bump(&[scope(2)]).await;
        assert_eq!(cache.last_known(&KEPT, &1).as_deref(), Some(&5));
        cache.bump(&[changed]).await;
        assert_eq!(cache.last_known(&KEPT, &1), None);
        assert!(fails(&cache).await);
        assert_eq!(cache.last_known(&KEPT, &1), None);
    }
    assert_eq!(source.read(&cache, &KEPT, 1).await, 5);
    source.put(1, 0);
    advance(Duration::from_secs(2)).await;
    assert_eq!(source.read(&cache, &KEPT, 1).await, 0);
    assert_eq!(cache.last_known(&KEPT, &1), None);
}

#[tokio::test]
async fn a_change_that_another_process_made_ends_it() {
    let server = redis_server::Server::start();
    let (one, other) =
        (crate::source::cache(&server.url()).await, crate::source::cache(&server.url()).await);
    let source = Source::default();
    source.put(1, 5);
    one.bump(&[scope(9)]).await;
    eventually!({
        source.read(&other, &KEPT, 1).await;
        other.last_known(&KEPT, &1).is_some()
    });
    one.bump(&[scope(1)]).await;
    eventually!(other.last_known(&KEPT, &1).is_none());
}
