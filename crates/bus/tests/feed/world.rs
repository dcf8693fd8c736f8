//! A ledger, its feed, and those who use it.

use crate::memory::Memory;
use bus::{Bus, Consumer, Cursor, Entry, Error, Published, Settings};
use futures_util::TryStreamExt;
use redis_link::{Limits, Link};
use redis_server::Server;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const WORKERS: &str = "ros:insights-workers";

/// Long enough for whatever a busy machine does, and nobody waits for it to end.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A machine that is busy with other builds must not look like a slow Redis.
const PATIENT: Limits = Limits { create: LONG, recycle: LONG, command: LONG };

pub(crate) struct World {
    pub(crate) bus: Bus,
    pub(crate) ledger: Arc<Memory>,
    pub(crate) server: Option<Server>,
    effects: Mutex<Effects>,
}

/// What one transaction changes.
#[derive(Default)]
struct Effects {
    cursor: Cursor,
    times: BTreeMap<u64, u32>,
}

impl World {
    pub(crate) async fn over_redis(settings: Settings) -> Self {
        Self::on(Server::start(), settings, PATIENT).await
    }

    /// On a Cluster that others use after it.
    pub(crate) async fn on_cluster(node: &Server, settings: Settings) -> Self {
        node.flush();
        Self::at(&format!("redis+cluster://{}", node.address()), settings, PATIENT).await
    }

    #[expect(clippy::unused_async, reason = "worlds are made alike")]
    pub(crate) async fn over_database(settings: Settings) -> Self {
        let ledger = Arc::new(Memory::new());
        let bus = Bus::database(ledger.clone(), settings);
        Self { bus, ledger, server: None, effects: Mutex::default() }
    }

    pub(crate) async fn on(server: Server, settings: Settings, limits: Limits) -> Self {
        let world = Self::at(&server.url(), settings, limits).await;
        Self { server: Some(server), ..world }
    }

    async fn at(url: &str, settings: Settings, limits: Limits) -> Self {
        let link = redis_link::Settings { limits, ..redis_link::Settings::new(url, "it") };
        let bus = Bus::redis(Link::start(link).await.unwrap(), settings);
        let ledger = Arc::new(Memory::new());
        Self { bus, ledger, server: None, effects: Mutex::default() }
    }

    /// Commits entries and relays them.
    pub(crate) async fn add(&self, count: u64) {
        self.ledger.commit(count);
        self.relay().await.unwrap();
    }

    /// Publishes what is not in the feed yet. Returns its end.
    pub(crate) async fn relay(&self) -> Result<u64, Error> {
        let mut from = self.bus.open(self.cursor().next(), self.ledger.last()).await?;
        loop {
            let entries = self.ledger.from(from, 500);
            if entries.is_empty() {
                return Ok(from);
            }
            from = match self.bus.publish(from, &entries).await? {
                Published::Through(next) => next,
                Published::Full(next) => return Ok(next),
                Published::Behind(_) => {
                    self.bus.open(self.cursor().next(), self.ledger.last()).await?
                }
            };
        }
    }

    pub(crate) async fn group(&self) {
        self.bus.create_group(WORKERS, self.cursor().next()).await.unwrap();
    }

    pub(crate) fn worker(&self, name: &str) -> Consumer {
        self.bus.consumer(WORKERS, name)
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.effects.lock().unwrap().cursor.clone()
    }

    /// The effects of a batch, in one transaction.
    pub(crate) fn apply(&self, batch: &bus::Batch) {
        let Effects { cursor, times } = &mut *self.effects.lock().unwrap();
        for delivery in &batch.deliveries {
            if cursor.apply(delivery) {
                *times.entry(delivery.entry.index).or_default() += 1;
            }
        }
        batch.poison.iter().for_each(|letter| cursor.park(letter));
    }

    /// Takes a batch, applies and acknowledges it.
    pub(crate) async fn work(&self, worker: &mut Consumer, count: usize) -> Result<usize, Error> {
        let batch = worker.next(count, Duration::ZERO).await?;
        self.apply(&batch);
        worker.acknowledge(&batch.deliveries).await?;
        for letter in &batch.poison {
            worker.park(letter).await?;
        }
        Ok(batch.deliveries.len() + batch.poison.len())
    }

    /// Works, making the group again where it is lost, until everything had its effect.
    pub(crate) async fn work_until_done(&self, worker: &mut Consumer) {
        let done = async {
            while self.cursor().next() < self.ledger.last() {
                match self.work(worker, 100).await {
                    Err(Error::NoGroup) => self.group().await,
                    _ => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        };
        tokio::time::timeout(LONG, done).await.expect("everything has its effect");
    }

    /// Each entry of the ledger had its effect, and had it once.
    #[track_caller]
    pub(crate) fn assert_exact(&self) {
        let wanted: BTreeMap<u64, u32> =
            self.ledger.entries().iter().map(|entry| (entry.index, 1)).collect();
        assert_eq!(self.effects.lock().unwrap().times, wanted);
    }

    pub(crate) async fn replayed(&self, from: u64) -> Result<Vec<Entry>, Error> {
        self.bus.replay(from).try_collect().await
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }
}

pub(crate) fn usual() -> Settings {
    Settings::default()
}

/// Settings under which an entry that is not acknowledged comes again at once, nearly.
pub(crate) fn hasty() -> Settings {
    Settings { reclaim_after: Duration::from_millis(1), ..Settings::default() }
}
