//! What is cached in these tests: a number in each slot, which stands for a database.

use cache::{Cache, Failure, Kind, Scope, Settings};
use redis_link::Link;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const SLOT: Kind<u64, u64> =
    Kind::shared("slot", |id| vec![scope(*id)]).ttl(Duration::from_secs(60)).jitter(0);

pub(crate) fn scope(id: u64) -> Scope {
    Scope::new("slot", id)
}

/// Ten slots; 0 stands for nothing.
#[derive(Clone, Default)]
pub(crate) struct Source {
    slots: Arc<Mutex<[u64; 10]>>,
    loads: Arc<AtomicU64>,
}

impl Source {
    pub(crate) fn loads(&self) -> u64 {
        self.loads.load(SeqCst)
    }

    pub(crate) fn put(&self, id: u64, value: u64) {
        self.slots.lock().unwrap()[id as usize] = value;
    }

    /// As a service does: commit, then bump.
    pub(crate) async fn write(&self, cache: &Cache, id: u64, value: u64) {
        self.put(id, value);
        cache.bump(&[scope(id)]).await;
    }

    pub(crate) async fn read(&self, cache: &Cache, kind: &Kind<u64, u64>, id: u64) -> u64 {
        self.try_read(cache, kind, id).await.unwrap()
    }

    pub(crate) async fn try_read(
        &self,
        cache: &Cache,
        kind: &Kind<u64, u64>,
        id: u64,
    ) -> Result<u64, Failure> {
        let source = self.clone();
        let load = move || async move {
            source.loads.fetch_add(1, SeqCst);
            let value = source.slots.lock().unwrap()[id as usize];
            Ok::<_, io::Error>((value != 0).then_some(value))
        };
        Ok(cache.get(kind, &id, load).await?.map_or(0, |value| *value))
    }
}

pub(crate) async fn cache(url: &str) -> Cache {
    let link = Link::start(redis_link::Settings::new(url, "this test")).await.unwrap();
    Cache::with_redis(&settings(), link)
}

pub(crate) fn settings() -> Settings {
    Settings { prefix: "t:".to_owned(), secret: [7; 32], ..Settings::default() }
}

/// Looks again and again until it is so.
macro_rules! eventually {
    ($so:expr) => {
        tokio::time::timeout(std::time::Duration::from_secs(30), async {
            while !$so {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await
        .expect(stringify!($so))
    };
}
pub(crate) use eventually;
