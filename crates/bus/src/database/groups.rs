//! Groups that share the rows.

use super::{ATTEMPTS, DatabaseFeed};
use crate::batch::Delivery;
use crate::entry::Entry;
use crate::error::Error;
use crate::ranges::Ranges;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// All groups, by name.
pub(super) type Groups = BTreeMap<String, GroupState>;

/// What a group has done.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct GroupState {
    /// Everything below was delivered.
    pub(super) next: u64,
    /// What was delivered and not acknowledged.
    pub(super) leases: Vec<Lease>,
}

/// Indexes that one consumer has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lease {
    pub(super) consumer: String,
    /// When they were delivered: since the Unix epoch.
    at: Duration,
    /// How often they were.
    deliveries: u64,
    pub(super) held: Ranges,
}

impl GroupState {
    fn release(&mut self, range: RangeInclusive<u64>) {
        self.leases.iter_mut().for_each(|lease| lease.held.remove(range.clone()));
        self.leases.retain(|lease| !lease.held.is_empty());
    }

    /// Notes what a consumer gets. What holds nothing between two entries goes with the second.
    fn lease(&mut self, consumer: &str, at: Duration, deliveries: &[Delivery]) {
        let Some(first) = deliveries.first() else { return };
        let mut held = Ranges::default();
        deliveries.iter().for_each(|delivery| held.insert(delivery.covers()));
        let consumer = consumer.to_owned();
        self.leases.push(Lease { consumer, at, deliveries: first.deliveries, held });
    }
}

impl DatabaseFeed {
    pub(crate) async fn create_group(&self, group: &str, from: u64) -> Result<(), Error> {
        let change = |groups: &mut Groups| {
            let state = groups.entry(group.to_owned()).or_default();
            state.next = state.next.max(from);
            Ok(())
        };
        self.change(&self.groups_name(), change).await
    }

    /// The next deliveries, after waiting for up to `block`.
    pub(crate) async fn next(
        &self,
        group: &str,
        consumer: &str,
        count: usize,
        block: Duration,
    ) -> Result<Vec<Delivery>, Error> {
        let count = count.max(1);
        let (next, deliveries) = self.deliver(group, consumer, count).await?;
        if !deliveries.is_empty() || block.is_zero() {
            return Ok(deliveries);
        }
        self.source.wait(next, block).await;
        Ok(self.deliver(group, consumer, count).await?.1)
    }

    pub(crate) async fn acknowledge(
        &self,
        group: &str,
        deliveries: &[Delivery],
    ) -> Result<(), Error> {
        self.release(group, deliveries.iter().map(Delivery::covers).collect()).await
    }

    pub(super) async fn release(
        &self,
        group: &str,
        ranges: Vec<RangeInclusive<u64>>,
    ) -> Result<(), Error> {
        if ranges.is_empty() {
            return Ok(());
        }
        let change = |groups: &mut Groups| {
            let state = groups.get_mut(group).ok_or(Error::NoGroup)?;
            ranges.iter().for_each(|range| state.release(range.clone()));
            Ok(())
        };
        self.change(&self.groups_name(), change).await
    }

    pub(super) fn groups_name(&self) -> String {
        format!("{}:groups", self.settings.stream)
    }

    /// What is there for a consumer, noted as its own; and the group's end.
    async fn deliver(
        &self,
        group: &str,
        consumer: &str,
        count: usize,
    ) -> Result<(u64, Vec<Delivery>), Error> {
        let name = self.groups_name();
        for _ in 0..ATTEMPTS {
            let (mut groups, version) = self.load::<Groups>(&name).await?;
            let state = groups.get_mut(group).ok_or(Error::NoGroup)?;
            let now = self.source.now();
            let changed = self.take_over(state, now, count).await?;
            let (changed, deliveries) = match changed {
                Some(deliveries) => (true, deliveries),
                None => (false, self.take_new(state, count).await?),
            };
            if !changed && deliveries.is_empty() {
                return Ok((state.next, deliveries));
            }
            state.lease(consumer, now, &deliveries);
            let next = state.next;
            if self.store(&name, version, &groups).await? && !deliveries.is_empty() {
                return Ok((next, deliveries));
            }
        }
        Err(Error::Crowded)
    }

    /// What one has had for too long: all of it, or its first entry if it was taken over before.
    /// `None` if there is nothing of the kind; empty if all of it was erased.
    async fn take_over(
        &self,
        state: &mut GroupState,
        now: Duration,
        count: usize,
    ) -> Result<Option<Vec<Delivery>>, Error> {
        let late = |lease: &&Lease| now >= lease.at + self.settings.reclaim_after;
        let Some(lease) = state.leases.iter().find(late).cloned() else { return Ok(None) };
        let count = if lease.deliveries > 1 { 1 } else { count };
        let mut deliveries = Vec::new();
        for run in lease.held.iter() {
            let page = self.read(*run.start(), count - deliveries.len()).await?;
            let page = page.into_iter().filter(|entry| run.contains(&entry.index));
            deliveries.extend(in_sequence(*run.start(), page, lease.deliveries + 1));
            if deliveries.len() == count {
                break;
            }
            // There is nothing more in it.
            state.release(run);
        }
        deliveries.iter().for_each(|delivery| state.release(delivery.covers()));
        Ok(Some(deliveries))
    }

    async fn take_new(&self, state: &mut GroupState, count: usize) -> Result<Vec<Delivery>, Error> {
        let page = self.read(state.next, count).await?;
        let deliveries: Vec<Delivery> = in_sequence(state.next, page, 1).collect();
        state.next = deliveries.last().map_or(state.next, |last| last.entry.index + 1);
        Ok(deliveries)
    }
}

/// Entries that follow on each other from `since` on.
fn in_sequence(
    mut since: u64,
    entries: impl IntoIterator<Item = Entry>,
    deliveries: u64,
) -> impl Iterator<Item = Delivery> {
    entries.into_iter().map(move |entry| {
        let next = entry.index + 1;
        Delivery { since: std::mem::replace(&mut since, next), deliveries, entry }
    })
}
