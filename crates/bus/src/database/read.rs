//! Looking at the rows.

use super::DatabaseFeed;
use super::groups::{GroupState, Groups};
use crate::entry::Entry;
use crate::error::Error;
use crate::info::{Group, Info};
use crate::ranges::Ranges;
use std::collections::BTreeSet;

impl DatabaseFeed {
    /// Entries from `from` on; empty at the end.
    pub(crate) async fn page(&self, from: u64, count: usize) -> Result<Vec<Entry>, Error> {
        self.read(from, count).await
    }

    pub(crate) async fn end(&self) -> Result<u64, Error> {
        self.source.end().await.map_err(Error::Source)
    }

    pub(crate) async fn info(&self) -> Result<Info, Error> {
        let (groups, _) = self.load::<Groups>(&self.groups_name()).await?;
        let first = self.read(0, 1).await?.first().map(|entry| entry.index);
        let next = self.end().await?;
        let groups = groups.into_iter().map(|(name, state)| told(name, &state, next)).collect();
        Ok(Info { length: next - first.unwrap_or(next).min(next), first, next, groups })
    }

    pub(super) async fn read(&self, from: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        self.source.read(from, limit).await.map_err(Error::Source)
    }
}

fn told(name: String, state: &GroupState, next: u64) -> Group {
    let held = || state.leases.iter().map(|lease| &lease.held);
    let pending = held().map(Ranges::len).sum();
    let oldest = held().flat_map(Ranges::iter).map(|run| *run.start()).min();
    let consumers: BTreeSet<&str> =
        state.leases.iter().map(|lease| lease.consumer.as_str()).collect();
    Group {
        name,
        consumers: consumers.len() as u64,
        pending,
        acknowledged: oldest.unwrap_or(state.next),
        delivered: state.next,
        lag: pending + next.saturating_sub(state.next),
    }
}
