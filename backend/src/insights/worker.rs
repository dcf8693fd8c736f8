//! The worker: entries into rollups.
//!
//! It reads from Redis while that is in use, else from the database's own feed, and changes over by
//! itself. Any number of workers share the work. What a batch brought is added up in one
//! transaction with the cursor; an entry that comes again, by whichever feed, has no effect.
//!
//! It does not hurry, since nobody waits for it: reading sums what is not rolled up yet from the
//! rows. So a trickle of events is gathered into few transactions.

use super::apply;
use super::error::InsightsError;
use super::metrics::Metrics;
use super::stop::Stop;
use super::store;
use crate::db::Db;
use bus::{Batch, Bus, Consumer, DeadLetter};
use std::time::{Duration, Instant};

/// Entries in a transaction: what Redis sends and a slow machine reads well within a call's limit.
const BATCH: usize = 1000;
/// How long to wait for entries; not longer, so that the worker ends soon when it is asked to.
const WAIT: Duration = Duration::from_millis(500);
/// How long entries are gathered, when they are few.
const GATHER: Duration = Duration::from_millis(100);
/// Between a failure and the next attempt.
const AGAIN: Duration = Duration::from_millis(200);
/// How often Redis is tried again.
const REDIS: Duration = Duration::from_secs(1);
/// How often what Redis lost is looked for.
const REPAIR: Duration = Duration::from_secs(60);

/// One of the two feeds, and this worker's place in its group.
struct Reading {
    bus: Bus,
    consumer: Consumer,
}

/// Adds up.
pub(super) struct Worker {
    db: Db,
    group: String,
    rows: Reading,
    stream: Option<Reading>,
    /// Whether the stream is read now.
    on_stream: bool,
    tried: Instant,
    metrics: Metrics,
    stop: Stop,
}

impl Worker {
    pub(super) fn new(
        db: Db,
        (group, name): (String, &str),
        (rows, stream): (Bus, Option<Bus>),
        metrics: Metrics,
        stop: Stop,
    ) -> Self {
        let reading =
            |bus: Bus| Reading { consumer: bus.consumer(group.clone(), name.to_owned()), bus };
        let (rows, stream) = (reading(rows), stream.map(reading));
        let (on_stream, tried) = (stream.is_some(), Instant::now());
        Self { db, group, rows, stream, on_stream, tried, metrics, stop }
    }

    /// Works until it is asked to end; the batch that it has then is finished first.
    pub(super) async fn run(mut self) {
        let mut repaired = Instant::now();
        while !self.stop.is_asked() {
            if let Err(error) = self.turn().await {
                tracing::warn!(%error, "the insights worker goes on in a moment");
                self.metrics.failures.inc();
                self.stop.pause(AGAIN).await;
            }
            if repaired.elapsed() > REPAIR {
                repaired = Instant::now();
                if let Err(error) = self.repair().await {
                    tracing::warn!(%error, "what Redis may have lost is looked for later");
                }
            }
        }
    }

    async fn turn(&mut self) -> Result<(), InsightsError> {
        self.return_to_redis().await;
        let batch = match self.reading().consumer.next(BATCH, WAIT).await {
            Ok(batch) => batch,
            Err(bus::Error::NoGroup) => return self.join(&self.reading_now().bus).await,
            Err(bus::Error::Crowded) => return Ok(()),
            Err(error) if self.on_stream => {
                tracing::info!(%error, "the insights worker reads from the database");
                (self.on_stream, self.tried) = (false, Instant::now());
                return self.join(&self.rows.bus).await;
            }
            Err(error) => return Err(error.into()),
        };
        if batch.is_empty() {
            return Ok(());
        }
        let is_full = batch.deliveries.len() >= BATCH;
        self.take(batch).await?;
        if !is_full {
            self.stop.pause(GATHER).await;
        }
        Ok(())
    }

    /// Goes back to Redis once it answers.
    async fn return_to_redis(&mut self) {
        let Some(stream) = &self.stream else { return };
        if self.on_stream || self.tried.elapsed() < REDIS {
            return;
        }
        self.tried = Instant::now();
        if self.join(&stream.bus).await.is_ok() {
            tracing::info!("the insights worker reads from Redis");
            self.on_stream = true;
        }
    }

    /// Makes the group where it is not there, and moves it to what is needed.
    async fn join(&self, bus: &Bus) -> Result<(), InsightsError> {
        let needed = self.db.read(store::cursor).await?.next();
        Ok(bus.create_group(&self.group, needed).await?)
    }

    /// Adds up a batch and acknowledges it. While the database is away it is kept; if it cannot be
    /// added up it comes again, and is given up after some times.
    async fn take(&mut self, batch: Batch) -> Result<(), InsightsError> {
        let applied = loop {
            let again = batch.clone();
            match self.write(move |conn| apply::batch(conn, &again)).await {
                Ok(applied) => break applied,
                Err(error) if error.is_passing() && !self.stop.is_asked() => {
                    self.metrics.failures.inc();
                    self.stop.pause(AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        };
        self.metrics.applied.inc_by(applied.added);
        self.metrics.parked.inc_by(applied.parked.len() as u64);
        let consumer = &self.reading_now().consumer;
        // What cannot be acknowledged comes again, and has no effect.
        let done = [batch.deliveries, applied.settled].concat();
        let _ = consumer.acknowledge(&done).await;
        park(consumer, &applied.parked).await;
        Ok(())
    }

    /// Adds up what the feed is done with and had no effect: Redis forgot that it delivered it.
    async fn repair(&mut self) -> Result<(), InsightsError> {
        let info = self.reading_now().bus.info().await?;
        let Some(group) = info.groups.into_iter().find(|it| it.name == self.group) else {
            return Ok(());
        };
        loop {
            let acknowledged = group.acknowledged;
            let (added, more) =
                self.write(move |conn| apply::missing(conn, acknowledged, BATCH)).await?;
            self.metrics.applied.inc_by(added);
            if !more || self.stop.is_asked() {
                return Ok(());
            }
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut crate::db::Conn) -> Result<T, InsightsError> + Send + 'static,
    ) -> Result<T, InsightsError> {
        self.db.write(body).await
    }

    fn reading(&mut self) -> &mut Reading {
        match &mut self.stream {
            Some(stream) if self.on_stream => stream,
            _ => &mut self.rows,
        }
    }

    fn reading_now(&self) -> &Reading {
        match &self.stream {
            Some(stream) if self.on_stream => stream,
            _ => &self.rows,
        }
    }
}

/// Puts letters where people look for them. That they are parked is in the cursor already.
async fn park(consumer: &Consumer, letters: &[DeadLetter]) {
    for letter in letters {
        tracing::warn!(index = letter.index, reason = letter.reason, "an entry is a dead letter");
        let _ = consumer.park(letter).await;
    }
}
