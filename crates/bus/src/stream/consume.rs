//! Out of the stream, shared by a group.

use super::{StreamEntry, StreamFeed, millis};
use crate::batch::{Delivery, Raw};
use crate::error::Error;
use crate::id;
use redis_link::Connection;
use redis_link::redis::cmd;
use std::time::Duration;

/// The entries of one stream among those asked for.
type OfStream = (String, Vec<StreamEntry>);

/// An id, how often it was delivered, and fields.
type Claimed = (String, u64, Vec<(String, String)>);

impl StreamFeed {
    pub(crate) async fn create_group(&self, group: &str, from: u64) -> Result<(), Error> {
        let mut call = self.scripts.group.key(self.key());
        call.arg(group).arg(from);
        self.run::<u64>(&call).await?;
        Ok(())
    }

    /// What others left behind, and how much of it is lost.
    pub(crate) async fn reclaim(
        &self,
        group: &str,
        consumer: &str,
        count: usize,
    ) -> Result<(Vec<Raw>, u64), Error> {
        let mut call = self.scripts.reclaim.key(self.key());
        call.arg(group).arg(consumer).arg(millis(self.settings.reclaim_after)).arg(count.max(1));
        let (claimed, lost): (Vec<Claimed>, u64) = self.run(&call).await?;
        let raw = |(id, deliveries, fields): Claimed| {
            Ok(Raw { index: id::index(&id).ok_or(Error::Unexpected)?, deliveries, fields })
        };
        Ok((claimed.into_iter().map(raw).collect::<Result<_, Error>>()?, lost))
    }

    /// What is new, on a connection that `slot` keeps from call to call.
    pub(crate) async fn read_new(
        &self,
        slot: &mut Option<Connection>,
        (group, consumer): (&str, &str),
        count: usize,
        block: Duration,
    ) -> Result<Vec<Raw>, Error> {
        let mut command = cmd("XREADGROUP");
        command.arg("GROUP").arg(group).arg(consumer).arg("COUNT").arg(count.max(1));
        // To Redis 0 means for ever.
        if millis(block) > 0 {
            command.arg("BLOCK").arg(millis(block));
        }
        command.arg("STREAMS").arg(self.key()).arg(">");
        // It comes back when there was an answer: after anything else it may still be waiting.
        let mut connection = match slot.take() {
            Some(connection) => connection,
            None => self.link.dedicated().await?,
        };
        let answer = command.query_async(&mut connection);
        let read: Option<Vec<OfStream>> = self.link.blocking(block, answer).await?;
        *slot = Some(connection);
        let entries = read.into_iter().flatten().flat_map(|(_, entries)| entries);
        let raw = |(id, fields): StreamEntry| {
            Ok(Raw { index: id::index(&id).ok_or(Error::Unexpected)?, deliveries: 1, fields })
        };
        entries.map(raw).collect()
    }

    pub(crate) async fn acknowledge(
        &self,
        group: &str,
        deliveries: &[Delivery],
    ) -> Result<(), Error> {
        let indexes: Vec<u64> = deliveries.iter().map(|it| it.entry.index).collect();
        self.acknowledge_indexes(group, &indexes).await
    }

    pub(super) async fn acknowledge_indexes(
        &self,
        group: &str,
        indexes: &[u64],
    ) -> Result<(), Error> {
        if indexes.is_empty() {
            return Ok(());
        }
        let mut command = cmd("XACK");
        command.arg(self.key()).arg(group);
        for index in indexes {
            command.arg(id::of(*index));
        }
        self.ask::<u64>(&command).await?;
        Ok(())
    }
}
