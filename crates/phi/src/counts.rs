//! How many findings of each class.

use crate::{Class, Finding};

/// A count per class. Small, flat and `Copy`, so that it travels with each event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u32; Class::ALL.len()]);

impl Counts {
    /// Adds one finding of a class.
    pub fn add(&mut self, class: Class) {
        self.add_many(class, 1);
    }

    /// Adds `count` findings of a class; the counter saturates.
    pub fn add_many(&mut self, class: Class, count: u32) {
        if let Some(slot) = self.0.get_mut(class as usize) {
            *slot = slot.saturating_add(count);
        }
    }

    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (class, count) in other.iter() {
            self.add_many(class, count);
        }
    }

    /// The count of one class.
    #[must_use]
    pub fn get(&self, class: Class) -> u32 {
        self.0.get(class as usize).copied().unwrap_or(0)
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&count| count == 0)
    }

    /// The classes that occurred, in order, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (Class, u32)> + '_ {
        Class::ALL.into_iter().zip(self.0).filter(|&(_, count)| count > 0)
    }
}

impl<'a> FromIterator<&'a Finding> for Counts {
    fn from_iter<I: IntoIterator<Item = &'a Finding>>(findings: I) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            counts.add(finding.class);
        }
        counts
    }
}
