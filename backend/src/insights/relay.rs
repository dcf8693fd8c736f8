//! The relay: committed rows into the Redis stream, in the ledger's order.
//!
//! Every process has one, and one of them works: whoever holds the lease. It is woken by what its own
//! process commits, and looks for the commits of others every 20 ms. It has no memory: it goes on
//! where the stream ends, or where the workers need it to begin. So it catches up after any outage,
//! and two at once do no harm.

use super::error::InsightsError;
use super::feed::Rows;
use super::lease::Lease;
use super::metrics::Metrics;
use super::stop::Stop;
use super::store;
use crate::db::Db;
use crate::invocations::Commits;
use bus::{Bus, Published, Source};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Entries that are read and published at once.
const PAGE: usize = 500;
/// How soon a commit of another process is seen.
const LOOK: Duration = Duration::from_millis(20);
/// How often those without the lease try for it.
const TURN: Duration = Duration::from_secs(1);
/// Between a failure and the next attempt, and while the stream is full.
const AGAIN: Duration = Duration::from_millis(200);
/// How often old entries are removed.
const TRIM: Duration = Duration::from_secs(10);

/// Fills the stream.
pub(super) struct Relay {
    pub(super) db: Db,
    pub(super) rows: Arc<Rows>,
    pub(super) commits: Commits,
    pub(super) stream: Bus,
    pub(super) group: String,
    pub(super) lease: Lease,
    pub(super) metrics: Metrics,
    pub(super) stop: Stop,
}

impl Relay {
    /// Works until it is asked to end.
    pub(super) async fn run(mut self) {
        while !self.stop.is_asked() {
            let pause = match self.turn().await {
                Ok(()) => TURN,
                Err(error) => {
                    tracing::debug!(%error, "the relay begins again");
                    AGAIN
                }
            };
            self.stop.pause(pause).await;
        }
        self.lease.give().await;
    }

    /// Publishes for as long as the lease is ours and all goes well.
    async fn turn(&mut self) -> Result<(), InsightsError> {
        if !self.lease.hold().await? {
            return Ok(());
        }
        let mut from = self.open().await?;
        let mut trimmed = Instant::now();
        // Whatever comes with the next page was committed later than this.
        let mut since = Instant::now();
        while !self.stop.is_asked() && self.lease.hold().await? {
            let read = Instant::now();
            let entries = self.rows.read(from, PAGE).await.map_err(bus::Error::Source)?;
            if entries.is_empty() {
                since = self.wait(from).await;
            } else {
                match self.stream.publish(from, &entries).await? {
                    Published::Through(next) => from = self.check(next, &entries).await?,
                    Published::Behind(_) => from = self.open().await?,
                    Published::Full(next) => {
                        from = next;
                        self.stream.trim().await?;
                        self.stop.pause(AGAIN).await;
                    }
                }
                self.metrics.relay_seconds.observe(since.elapsed().as_secs_f64());
                since = read;
            }
            if trimmed.elapsed() > TRIM {
                self.stream.trim().await?;
                trimmed = Instant::now();
            }
        }
        Ok(())
    }

    /// Where to go on. The group is made first, so that nothing is trimmed before it was read.
    async fn open(&self) -> Result<u64, InsightsError> {
        let needed = self.db.read(store::cursor).await?.next();
        let end = self.rows.end().await.map_err(bus::Error::Source)?;
        let from = self.stream.open(needed.min(end), end).await?;
        self.stream.create_group(&self.group, needed.min(end)).await?;
        Ok(from)
    }

    /// A stream that goes on beyond the ledger is not ours: somebody put something into it.
    async fn check(&self, next: u64, entries: &[bus::Entry]) -> Result<u64, InsightsError> {
        let ours = entries.last().map_or(0, |entry| entry.index + 1);
        if next <= ours || next <= self.rows.end().await.map_err(bus::Error::Source)? {
            return Ok(next);
        }
        tracing::warn!("the stream holds what is not in the ledger; it is begun anew");
        self.open().await
    }

    /// Waits until there may be more; since when it may have been waiting.
    async fn wait(&self, from: u64) -> Instant {
        let began = Instant::now();
        tokio::select! {
            () = self.commits.reach(from) => Instant::now(),
            () = self.stop.pause(LOOK) => began,
        }
    }
}
