//! One process, whose time the tests decide.

use crate::source::{SLOT, Source, eventually, scope};
use cache::{Cache, Failure, Kind, KindStats, Scope, Settings};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::advance;

fn alone() -> Cache {
    Cache::alone(&Settings { trust: None, ..Settings::default() })
}

/// Of the one kind that was read, if one was.
fn stats(cache: &Cache) -> Option<KindStats> {
    cache.stats().kinds.first().copied()
}

/// Somebody who asks, and whose load brings that after so long.
fn loading(cache: &Cache, value: u64, takes: Duration) -> JoinHandle<Option<u64>> {
    let cache = cache.clone();
    let load = move || async move {
        tokio::time::sleep(takes).await;
        Ok::<_, io::Error>(Some(value))
    };
    tokio::spawn(async move { cache.get(&SLOT, &1, load).await.unwrap().as_deref().copied() })
}

#[tokio::test]
async fn a_thousand_misses_make_one_load() {
    let (cache, gate, loads) = (alone(), Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
    let mut readers = JoinSet::new();
    for _ in 0..1000 {
        let (cache, gate, loads) = (cache.clone(), Arc::clone(&gate), Arc::clone(&loads));
        readers.spawn(async move {
            let load = move || async move {
                loads.fetch_add(1, SeqCst);
                gate.acquire().await.unwrap().forget();
                Ok::<_, io::Error>(Some(7))
            };
            cache.get(&SLOT, &1, load).await.unwrap().as_deref().copied()
        });
    }
    eventually!(stats(&cache).is_some_and(|kind| kind.joined == 999));
    gate.add_permits(1000);
    assert!(readers.join_all().await.iter().all(|it| *it == Some(7)));
    assert_eq!(loads.load(SeqCst), 1);
}

#[tokio::test]
async fn all_who_wait_for_a_load_that_fails_or_panics_are_told_and_the_next_tries_again() {
    for panics in [false, true] {
        let (cache, gate) = (alone(), Arc::new(Semaphore::new(0)));
        let mut readers = JoinSet::new();
        for _ in 0..10 {
            let (cache, gate) = (cache.clone(), Arc::clone(&gate));
            readers.spawn(async move {
                let load = move || async move {
                    gate.acquire().await.unwrap().forget();
                    assert!(!panics, "on purpose");
                    Err(io::Error::other("down"))
                };
                cache.get(&SLOT, &1, load).await
            });
        }
        eventually!(stats(&cache).is_some_and(|kind| kind.joined == 9));
        gate.add_permits(10);
        for outcome in readers.join_all().await {
            let failure = outcome.unwrap_err();
            assert_eq!(matches!(failure, Failure::Interrupted), panics);
            assert_eq!(failure.load_error::<io::Error>().is_some(), !panics);
        }
        let source = Source::default();
        source.put(1, 5);
        assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
        let counted = stats(&cache).unwrap();
        assert_eq!((counted.loads, counted.load_errors), (2, 1));
    }
}

#[tokio::test]
async fn a_load_goes_on_when_the_first_to_ask_goes_away() {
    let (cache, gate) = (alone(), Arc::new(Semaphore::new(0)));
    let reader = {
        let (cache, gate) = (cache.clone(), Arc::clone(&gate));
        tokio::spawn(async move {
            let load = move || async move {
                gate.acquire().await.unwrap().forget();
                Ok::<_, io::Error>(Some(7))
            };
            cache.get(&SLOT, &1, load).await
        })
    };
    eventually!(stats(&cache).is_some_and(|kind| kind.loads == 1));
    reader.abort();
    gate.add_permits(1);
    assert_eq!(Source::default().read(&cache, &SLOT, 1).await, 7);
}

#[tokio::test]
async fn whoever_asks_after_a_change_does_not_join_a_load_from_before() {
    let (cache, source) = (alone(), Source::default());
    let (started, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let early = {
        let (cache, started, gate) = (cache.clone(), Arc::clone(&started), Arc::clone(&gate));
        tokio::spawn(async move {
            let load = move || async move {
                started.notify_one();
                gate.acquire().await.unwrap().forget();
                Ok::<_, io::Error>(Some(1))
            };
            cache.get(&SLOT, &1, load).await.unwrap().as_deref().copied()
        })
    };
    started.notified().await;
    source.write(&cache, 1, 2).await;
    assert_eq!(source.read(&cache, &SLOT, 1).await, 2);
    gate.add_permits(1);
    assert_eq!(early.await.unwrap(), Some(1));
    assert_eq!(source.read(&cache, &SLOT, 1).await, 2, "the late landing changed nothing");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_told_nothing_joins_no_load_from_long_ago() {
    let (cache, source) = (Cache::alone(&Settings::default()), Source::default());
    source.put(1, 5);
    let slow = loading(&cache, 4, Duration::from_secs(60));
    tokio::task::yield_now().await;
    advance(Duration::from_millis(901)).await;
    assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
    assert_eq!(slow.await.unwrap(), Some(4));
    assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_told_nothing_joins_each_load_that_is_young() {
    let (cache, source) = (Cache::alone(&Settings::default()), Source::default());
    source.put(1, 5);
    // However long the process has run when the load begins; the one before is forgotten.
    for more in (901..2700).step_by(100) {
        advance(Duration::from_millis(more)).await;
        let slow = loading(&cache, 4, Duration::from_millis(400));
        tokio::task::yield_now().await;
        advance(Duration::from_millis(300)).await;
        assert_eq!(source.read(&cache, &SLOT, 1).await, 4);
        assert_eq!(slow.await.unwrap(), Some(4));
    }
    assert_eq!(source.loads(), 0);
}

#[tokio::test(start_paused = true)]
async fn stale_is_served_while_one_refresh_runs() {
    const STALE: Kind<u64, u64> = SLOT.stale_while_revalidate(Duration::from_secs(30));
    let (cache, source) = (alone(), Source::default());
    source.put(1, 5);
    assert_eq!(source.read(&cache, &STALE, 1).await, 5);
    source.put(1, 6);
    advance(Duration::from_secs(59)).await;
    assert_eq!(source.read(&cache, &STALE, 1).await, 5);
    assert_eq!(source.loads(), 1);
    advance(Duration::from_secs(2)).await;
    for _ in 0..10 {
        assert_eq!(source.read(&cache, &STALE, 1).await, 5);
    }
    eventually!(source.read(&cache, &STALE, 1).await == 6);
    assert_eq!(source.loads(), 2);
    source.put(1, 7);
    advance(Duration::from_secs(91)).await;
    assert_eq!(source.read(&cache, &STALE, 1).await, 7, "too old to be served");
    source.write(&cache, 1, 8).await;
    assert_eq!(source.read(&cache, &STALE, 1).await, 8, "what was invalidated is never served");
}

#[tokio::test(start_paused = true)]
async fn what_is_absent_is_remembered_for_a_shorter_time() {
    let (cache, source) = (alone(), Source::default());
    assert_eq!(source.read(&cache, &SLOT, 1).await, 0);
    source.put(1, 5);
    advance(Duration::from_secs(4)).await;
    assert_eq!(source.read(&cache, &SLOT, 1).await, 0);
    advance(Duration::from_secs(2)).await;
    assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
    assert_eq!(source.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_told_nothing_believes_nothing_for_long() {
    let (cache, source) = (Cache::alone(&Settings::default()), Source::default());
    source.put(1, 5);
    assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
    source.put(1, 6);
    advance(Duration::from_millis(599)).await;
    assert_eq!(source.read(&cache, &SLOT, 1).await, 5);
    assert_eq!(source.loads(), 1);
    advance(Duration::from_millis(302)).await;
    assert_eq!(source.read(&cache, &SLOT, 1).await, 6);
    assert_eq!(cache.stats().forgotten, 1);
    // Each entry has an age of its own, and one that is wanted is loaded again before its end.
    source.put(1, 7);
    advance(Duration::from_millis(601)).await;
    assert_eq!(source.read(&cache, &SLOT, 1).await, 6);
    eventually!(source.read(&cache, &SLOT, 1).await == 7);
    assert_eq!((source.loads(), cache.stats().forgotten), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_served_for_a_time_is_refreshed_in_its_last_third_and_again_if_that_fails() {
    const SHORT: Kind<u64, u64> = SLOT.serve_for(Duration::from_millis(900)).jitter(0);
    let (cache, source) = (alone(), Source::default());
    source.put(1, 5);
    assert_eq!(source.read(&cache, &SHORT, 1).await, 5);
    source.put(1, 6);
    advance(Duration::from_millis(599)).await;
    assert_eq!(source.read(&cache, &SHORT, 1).await, 5);
    assert_eq!(source.loads(), 1);
    advance(Duration::from_millis(1)).await;
    let fail = || async { Err::<Option<u64>, _>(io::Error::other("down")) };
    for _ in 0..100 {
        let served = cache.get(&SHORT, &1, fail).await.unwrap();
        assert_eq!(served.as_deref(), Some(&5));
        tokio::task::yield_now().await;
    }
    let errors = || cache.stats().kinds.iter().map(|kind| kind.load_errors).sum::<u64>();
    assert_eq!(errors(), 1, "it rests a while");
    advance(Duration::from_millis(101)).await;
    eventually!(source.read(&cache, &SHORT, 1).await == 6);
    advance(Duration::from_millis(901)).await;
    assert!(cache.get(&SHORT, &1, fail).await.is_err(), "too old to be served");
}

#[tokio::test]
async fn a_change_makes_old_what_depends_on_it_and_nothing_else() {
    const SUM: Kind<u64, u64> = Kind::local("sum", |id| vec![scope(*id), scope(id + 1)], |_| 8);
    let (cache, source) = (alone(), Source::default());
    (0..10).for_each(|id| source.put(id, id + 1));
    for id in 0..8 {
        source.read(&cache, &SUM, id).await;
    }
    assert_eq!(source.loads(), 8);
    cache.bump(&[scope(3)]).await;
    for id in 0..8 {
        source.read(&cache, &SUM, id).await;
    }
    assert_eq!(source.loads(), 10, "2 and 3 depend on 3");
    cache.bump(&[Scope::EVERYTHING]).await;
    for id in 0..8 {
        source.read(&cache, &SUM, id).await;
    }
    assert_eq!(source.loads(), 18);
}

#[tokio::test]
async fn it_never_grows_beyond_its_capacity() {
    const BIG: Kind<u64, u64> = Kind::local("big", |_| Vec::new(), |_| 10_000);
    let cache = Cache::alone(&Settings { capacity: 100_000, trust: None, ..Settings::default() });
    for id in 0..100 {
        cache.get(&BIG, &id, || async { Ok::<_, io::Error>(Some(1)) }).await.unwrap();
    }
    let stats = cache.stats();
    assert!(stats.bytes <= 100_000 && stats.entries < 10, "{stats:?}");
    assert!(stats.evictions > 0);
}

#[tokio::test]
async fn two_kinds_of_one_name_are_told_apart() {
    const TEXT: Kind<u64, String> = Kind::local("slot", |id| vec![scope(*id)], String::len);
    let (cache, source) = (alone(), Source::default());
    source.put(1, 5);
    source.read(&cache, &SLOT, 1).await;
    let text = cache.get(&TEXT, &1, || async { Ok::<_, io::Error>(Some(String::new())) }).await;
    assert!(matches!(text, Err(Failure::SameName("slot"))));
}
