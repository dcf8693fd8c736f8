//! Figures per name: by model, by agent, by stage, …
//!
//! Names are clients' words, so there may be as many as records. A breakdown has a row for each of
//! the first [`MAX_ROWS`] names in ledger order and sums all later ones, which bounds the report
//! and its memory while the rows still add up to the whole.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The most names with a row of their own.
pub(crate) const MAX_ROWS: usize = 1000;

/// Figures per name, largest first, then by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breakdown<V> {
    /// The first 1000 names in ledger order, sorted.
    pub rows: Vec<Row<V>>,
    /// What the later names have together; null when there are none.
    pub others: Option<V>,
}

/// The figures of one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row<V> {
    /// The name; null for records that state none.
    pub name: Option<String>,
    /// Its figures, which stand beside the name in JSON.
    #[serde(flatten)]
    pub figures: V,
}

/// A count alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: u64,
}

/// What a breakdown is sorted by.
pub(crate) trait Weight {
    /// How much a row matters.
    fn weight(&self) -> u64;
}

impl Weight for Tally {
    fn weight(&self) -> u64 {
        self.count
    }
}

/// A breakdown while it is counted.
pub(crate) struct Named<V> {
    max_rows: usize,
    slots: HashMap<Arc<str>, usize>,
    rows: Vec<(Arc<str>, V)>,
    unnamed: Option<V>,
    others: Option<V>,
}

impl<V: Default> Named<V> {
    /// With at most `max_rows` rows.
    pub(crate) fn with_rows(max_rows: usize) -> Self {
        Self { max_rows, slots: HashMap::new(), rows: Vec::new(), unnamed: None, others: None }
    }

    /// The figures that a name counts towards.
    pub(crate) fn entry(&mut self, name: Option<&str>) -> &mut V {
        let Some(name) = name else {
            return self.unnamed.get_or_insert_default();
        };
        let slot = self.slot(name);
        match self.rows.get_mut(slot) {
            Some((_, figures)) => figures,
            None => self.others.get_or_insert_default(),
        }
    }

    /// The place of a name among the rows; beyond their end when it has none of its own.
    pub(crate) fn slot(&mut self, name: &str) -> usize {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.rows.len();
        if slot < self.max_rows {
            let name: Arc<str> = name.into();
            self.slots.insert(Arc::clone(&name), slot);
            self.rows.push((name, V::default()));
        }
        slot
    }

    /// The figures at a place.
    pub(crate) fn at(&mut self, slot: usize) -> Option<&mut V> {
        self.rows.get_mut(slot).map(|(_, figures)| figures)
    }

    /// The named rows in ledger order.
    pub(crate) fn into_rows(self) -> Vec<(Arc<str>, V)> {
        self.rows
    }

    /// Sorted rows, each finished by `finish`; `None` leaves a row out.
    pub(crate) fn finish<W: Weight>(self, mut finish: impl FnMut(V) -> Option<W>) -> Breakdown<W> {
        let named = self.rows.into_iter().map(|(name, figures)| (Some(name.to_string()), figures));
        let unnamed = self.unnamed.map(|figures| (None, figures));
        let mut rows: Vec<Row<W>> = named
            .chain(unnamed)
            .filter_map(|(name, figures)| Some(Row { name, figures: finish(figures)? }))
            .collect();
        rows.sort_by(|a, b| {
            let order = |row: &Row<W>| Reverse(row.figures.weight());
            order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name))
        });
        Breakdown { rows, others: self.others.and_then(finish) }
    }
}

impl<V: Default> Default for Named<V> {
    fn default() -> Self {
        Self::with_rows(MAX_ROWS)
    }
}

/// Adds to a count whose names are our own, so that there are few.
pub(crate) fn count(counts: &mut BTreeMap<String, u64>, name: &str, more: u64) {
    match counts.get_mut(name) {
        Some(count) => *count += more,
        None => {
            counts.insert(name.to_owned(), more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_names_are_summed_and_rows_are_sorted() {
        let mut named = Named::<Tally>::with_rows(2);
        for name in [Some("b"), Some("a"), Some("c"), None, Some("d"), Some("a"), Some("b")] {
            named.entry(name).count += 1;
        }
        let breakdown = named.finish(Some);
        let rows: Vec<_> =
            breakdown.rows.iter().map(|row| (row.name.as_deref(), row.figures.count)).collect();
        assert_eq!(rows, [(Some("a"), 2), (Some("b"), 2), (None, 1)]);
        assert_eq!(breakdown.others, Some(Tally { count: 2 }));
    }
}
