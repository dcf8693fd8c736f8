//! Looking at the stream.

use super::{StreamEntry, StreamFeed};
use crate::entry::Entry;
use crate::error::Error;
use crate::id;
use crate::info::{Group, Info};
use crate::wire;

/// A group as the script tells it: name, consumers, pending, acknowledged, delivered.
type Told = (String, u64, u64, u64, u64);

impl StreamFeed {
    /// Entries from `from` on; empty at the end.
    pub(crate) async fn page(&self, from: u64, count: usize) -> Result<Vec<Entry>, Error> {
        let mut call = self.scripts.page.key(self.key());
        call.arg(from).arg(count);
        let (entries, end): (Vec<StreamEntry>, u64) = self.run(&call).await?;
        if entries.is_empty() && from < end {
            return Err(Error::Gone { first: end });
        }
        let mut next = from;
        let mut page = Vec::with_capacity(entries.len());
        for (id, fields) in entries {
            let index = id::index(&id).ok_or(Error::Unexpected)?;
            let since = wire::field(&fields, "since").and_then(|since| since.parse().ok());
            if since.unwrap_or(index) > next {
                return Err(Error::Gone { first: index });
            }
            page.push(wire::read(index, &fields)?);
            next = index + 1;
        }
        Ok(page)
    }

    pub(crate) async fn info(&self) -> Result<Info, Error> {
        let (length, first, next, groups): (u64, Option<String>, u64, Vec<Told>) =
            self.run(&self.scripts.info.key(self.key())).await?;
        let group = |(name, consumers, pending, acknowledged, delivered): Told| {
            let lag = pending + next.saturating_sub(delivered);
            Group { name, consumers, pending, acknowledged, delivered, lag }
        };
        let first = first.as_deref().and_then(id::index);
        Ok(Info { length, first, next, groups: groups.into_iter().map(group).collect() })
    }
}
