//! What has had its effect: how an entry that comes many times counts once.

use crate::batch::{DeadLetter, Delivery};
use crate::ranges::Ranges;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Which indexes a group is done with. It is kept where the effects are, as text in one row, and
/// changed in the transaction that has them, under a lock on that row.
///
/// It is as small as what is under way: the indexes that are done are mostly one run. Its text is
/// `0-499 510; 505`: done with 0 to 499 and 510; parked 505, which is a dead letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    done: Ranges,
    parked: Ranges,
}

impl Cursor {
    /// One that is done with everything below `next`.
    #[must_use]
    pub fn starting_at(next: u64) -> Self {
        let mut cursor = Self::default();
        cursor.done_until(next);
        cursor
    }

    /// Whether the delivery is to have its effect now; afterwards the cursor is done with it. It is
    /// not if it has had it, or is parked.
    pub fn apply(&mut self, delivery: &Delivery) -> bool {
        self.pass(delivery.since, delivery.entry.index);
        let index = delivery.entry.index;
        let first = !self.done.contains(index) && !self.parked.contains(index);
        if first {
            self.done.insert(index..=index);
        }
        first
    }

    /// Gives up on an entry until somebody looks at it; nothing changes if it has had its effect.
    pub fn park(&mut self, letter: &DeadLetter) {
        self.pass(letter.since, letter.index);
        if !self.done.contains(letter.index) {
            self.parked.insert(letter.index..=letter.index);
        }
    }

    /// Whether a parked entry is to have its effect, or to be dropped, now; afterwards the cursor is
    /// done with it.
    pub fn settle(&mut self, index: u64) -> bool {
        let parked = self.parked.contains(index);
        if parked {
            self.parked.remove(index..=index);
            self.done.insert(index..=index);
        }
        parked
    }

    /// The lowest index that is neither done nor parked: nothing below it is needed again.
    #[must_use]
    pub fn next(&self) -> u64 {
        let mut seen = self.parked.clone();
        seen.extend(&self.done);
        seen.first_gap()
    }

    /// What is neither done nor parked below `end`.
    #[must_use]
    pub fn missing(&self, end: u64) -> Vec<RangeInclusive<u64>> {
        let mut seen = self.parked.clone();
        seen.extend(&self.done);
        seen.gaps(end)
    }

    /// What is parked.
    pub fn parked(&self) -> impl Iterator<Item = u64> + '_ {
        self.parked.iter().flatten()
    }

    /// Takes everything below `end` that is not parked for done: after all that was
    /// [missing](Self::missing) there, and that the database holds, had its effect.
    pub fn done_until(&mut self, end: u64) {
        self.pass(0, end);
    }

    /// Nothing is in the feed from `since` to below `index`.
    fn pass(&mut self, since: u64, index: u64) {
        let Some(last) = index.checked_sub(1) else { return };
        let parked: Vec<u64> =
            self.parked.iter().flatten().filter(|it| (since..=last).contains(it)).collect();
        self.done.insert(since..=last);
        parked.into_iter().for_each(|it| self.done.remove(it..=it));
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.done)?;
        if self.parked.is_empty() { Ok(()) } else { write!(f, "; {}", self.parked) }
    }
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a group's cursor must be a list of indexes such as 0-499 510; 505")]
pub struct BadCursor;

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (done, parked) = text.split_once(';').unwrap_or((text, ""));
        let done = done.parse().map_err(|_| BadCursor)?;
        let parked = parked.parse().map_err(|_| BadCursor)?;
        Ok(Self { done, parked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entry;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn delivery(index: u64) -> Delivery {
        Delivery { since: index, deliveries: 1, entry: Entry { index, ..Entry::default() } }
    }

    fn letter(index: u64) -> DeadLetter {
        DeadLetter::new("workers", &delivery(index), "it does not add up")
    }

    proptest! {
        #[test]
        fn every_effect_happens_once(steps in prop::collection::vec((0..4u8, 0..40u64), 0..200)) {
            let mut cursor = Cursor::default();
            let mut effects: BTreeMap<u64, u32> = BTreeMap::new();
            for (step, index) in steps {
                let now = match step {
                    0 | 1 => cursor.apply(&delivery(index)),
                    2 => { cursor.park(&letter(index)); false }
                    _ => cursor.settle(index),
                };
                *effects.entry(index).or_default() += u32::from(now);
                cursor = cursor.to_string().parse().unwrap();
            }
            prop_assert!(effects.values().all(|times| *times <= 1));
            let missing: Vec<u64> = cursor.missing(40).into_iter().flatten().collect();
            for index in 0..40 {
                let had = effects.get(&index).is_some_and(|times| *times == 1);
                let parked = cursor.parked().any(|it| it == index);
                prop_assert_eq!(!had && !parked, missing.contains(&index));
                prop_assert!(!(had && parked));
            }
            prop_assert_eq!(cursor.next(), missing.first().copied().unwrap_or(cursor.next()));
        }
    }

    #[test]
    fn what_the_feed_does_not_hold_is_not_waited_for() {
        let mut cursor = Cursor::starting_at(10);
        let erased_before = Delivery { since: 10, ..delivery(20) };
        assert!(cursor.apply(&erased_before));
        assert_eq!(cursor.next(), 21);
        assert_eq!(cursor.to_string(), "0-20");
    }

    #[test]
    fn a_parked_entry_stays_parked_until_it_is_settled() {
        let mut cursor = Cursor::starting_at(5);
        cursor.park(&letter(5));
        assert_eq!((cursor.next(), cursor.to_string().as_str()), (6, "0-4; 5"));
        assert!(!cursor.apply(&delivery(5)), "it comes again");
        cursor.done_until(8);
        assert_eq!(cursor.parked().collect::<Vec<_>>(), [5]);
        assert!(cursor.settle(5));
        assert!(!cursor.settle(5));
        assert_eq!(cursor.to_string(), "0-7");
    }
}
