//! One of those who share a group's entries.

use crate::batch::{Batch, DeadLetter, Delivery};
use crate::bus::{Bus, Feed};
use crate::error::Error;
use redis_link::Connection;
use std::time::Duration;

/// A consumer in a group.
pub struct Consumer {
    bus: Bus,
    group: String,
    name: String,
    /// For what waits in Redis; made when it is needed.
    connection: Option<Connection>,
}

impl Consumer {
    pub(crate) fn new(bus: Bus, group: String, name: String) -> Self {
        Self { bus, group, name, connection: None }
    }

    /// The next entries, at most `count`: first what others had and did not acknowledge in time,
    /// else what is new. Waits for up to `block` if there is nothing; then the batch is empty.
    ///
    /// An entry that was taken over before is delivered alone: so one that ends its consumers is
    /// found, and its neighbours are not taken for poison. To drop the future before it ends is
    /// safe: what it was to bring comes again.
    ///
    /// # Errors
    /// [`Error::NoGroup`], Redis or the database. Nothing is lost by it.
    pub async fn next(&mut self, count: usize, block: Duration) -> Result<Batch, Error> {
        let answer = self.fetch(count, block).await;
        let batch = self.bus.judge(answer)?;
        self.bus.0.counts.consumed.add(batch.len() as u64);
        Ok(batch)
    }

    async fn fetch(&mut self, count: usize, block: Duration) -> Result<Batch, Error> {
        let Self { bus, group, name, connection } = self;
        let counts = &bus.0.counts;
        let most = bus.0.max_deliveries;
        let mut batch = Batch::default();
        match &bus.0.feed {
            Feed::Stream(stream) => {
                let (mut raw, lost) = stream.reclaim(group, name, count).await?;
                counts.lost.add(lost);
                counts.reclaimed.add(raw.len() as u64);
                if raw.is_empty() {
                    raw = stream.read_new(connection, (group, name), count, block).await?;
                }
                raw.into_iter().for_each(|raw| batch.push(group, raw, most));
            }
            Feed::Database(database) => {
                let deliveries = database.next(group, name, count, block).await?;
                let again = deliveries.iter().filter(|it| it.deliveries > 1).count();
                counts.reclaimed.add(again as u64);
                deliveries.into_iter().for_each(|it| batch.sort(group, it, most));
            }
        }
        Ok(batch)
    }

    /// Says that deliveries have had their effect, after its commit.
    ///
    /// # Errors
    /// Redis or the database: then they come again, and have no effect.
    pub async fn acknowledge(&self, deliveries: &[Delivery]) -> Result<(), Error> {
        self.bus.judge(match &self.bus.0.feed {
            Feed::Stream(stream) => stream.acknowledge(&self.group, deliveries).await,
            Feed::Database(database) => database.acknowledge(&self.group, deliveries).await,
        })?;
        self.bus.0.counts.acknowledged.add(deliveries.len() as u64);
        Ok(())
    }

    /// Puts an entry among the dead letters and acknowledges it, after the commit that parked it in
    /// the cursor. To give up a delivery make a letter by [`DeadLetter::new`].
    ///
    /// # Errors
    /// Redis or the database: then it comes again.
    pub async fn park(&self, letter: &DeadLetter) -> Result<(), Error> {
        self.bus.judge(match &self.bus.0.feed {
            Feed::Stream(stream) => stream.park(letter).await,
            Feed::Database(database) => database.park(letter).await,
        })?;
        self.bus.0.counts.parked.add(1);
        Ok(())
    }

    /// The group's name.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }
}
