//! What a consumer gets.

use crate::entry::Entry;
use crate::wire::{self, Fields, Malformed};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// An entry on its way to its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The feed holds nothing from this index to below the entry's own, which it mostly is: entries
    /// that were erased leave holes.
    pub since: u64,
    /// How often it has been delivered, this time included.
    pub deliveries: u64,
    /// The entry.
    pub entry: Entry,
}

impl Delivery {
    pub(crate) fn covers(&self) -> RangeInclusive<u64> {
        self.since..=self.entry.index
    }
}

/// An entry that is given up, until somebody looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its index in the ledger.
    pub index: u64,
    /// As in [`Delivery`].
    pub since: u64,
    /// The group that gave it up.
    pub group: String,
    /// Why, in a sentence that quotes nothing of the entry.
    pub reason: String,
    /// How often it was delivered.
    pub deliveries: u64,
    /// The entry as it stood in the feed, which may be why.
    pub fields: Vec<(String, String)>,
}

impl DeadLetter {
    /// Gives up a delivery.
    pub fn new(group: impl Into<String>, delivery: &Delivery, reason: impl Into<String>) -> Self {
        Self {
            index: delivery.entry.index,
            since: delivery.since,
            group: group.into(),
            reason: reason.into(),
            deliveries: delivery.deliveries,
            fields: wire::write(&delivery.entry),
        }
    }

    /// The entry.
    ///
    /// # Errors
    /// This version cannot read it.
    pub fn entry(&self) -> Result<Entry, Malformed> {
        wire::read(self.index, &self.fields)
    }

    pub(crate) fn covers(&self) -> RangeInclusive<u64> {
        self.since..=self.index
    }
}

/// What came with one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// To be applied and acknowledged, in order.
    pub deliveries: Vec<Delivery>,
    /// To be parked: they cannot be read, or were delivered too often without success.
    pub poison: Vec<DeadLetter>,
}

impl Batch {
    /// Whether nothing came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.poison.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.deliveries.len() + self.poison.len()
    }

    /// Adds what stands in a stream.
    pub(crate) fn push(&mut self, group: &str, raw: Raw, most: u64) {
        let Raw { index, deliveries, fields } = raw;
        let since = wire::field(&fields, "since").and_then(|since| since.parse().ok());
        // More than the index would cover nothing, and nothing would pass it.
        let since = since.unwrap_or(index).min(index);
        match wire::read(index, &fields) {
            Ok(entry) => self.sort(group, Delivery { since, deliveries, entry }, most),
            Err(malformed) => {
                let (group, reason) = (group.to_owned(), malformed.to_string());
                self.poison.push(DeadLetter { index, since, group, reason, deliveries, fields });
            }
        }
    }

    /// Adds an entry, to the poison if it came more than `most` times.
    pub(crate) fn sort(&mut self, group: &str, delivery: Delivery, most: u64) {
        if delivery.deliveries <= most {
            self.deliveries.push(delivery);
        } else {
            let reason = format!("it was delivered {most} times and never acknowledged");
            self.poison.push(DeadLetter::new(group, &delivery, reason));
        }
    }
}

/// What stands in a stream.
pub(crate) struct Raw {
    pub(crate) index: u64,
    pub(crate) deliveries: u64,
    pub(crate) fields: Fields,
}
