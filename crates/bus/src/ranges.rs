//! Sets of indexes that are mostly runs.

use rangemap::RangeInclusiveSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A set of indexes; as text its runs in order: `0-499 510 600-700`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Ranges(RangeInclusiveSet<u64>);

impl Ranges {
    pub(crate) fn insert(&mut self, range: RangeInclusive<u64>) {
        if !range.is_empty() {
            self.0.insert(range);
        }
    }

    pub(crate) fn remove(&mut self, range: RangeInclusive<u64>) {
        if !range.is_empty() {
            self.0.remove(range);
        }
    }

    pub(crate) fn contains(&self, index: u64) -> bool {
        self.0.contains(&index)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The runs, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
        self.0.iter().cloned()
    }

    /// How many indexes are in it.
    pub(crate) fn len(&self) -> u64 {
        self.iter().map(|run| run.end() - run.start() + 1).sum()
    }

    /// The runs below `end` that are not in it.
    pub(crate) fn gaps(&self, end: u64) -> Vec<RangeInclusive<u64>> {
        let Some(last) = end.checked_sub(1) else { return Vec::new() };
        self.0.gaps(&(0..=last)).collect()
    }

    /// The lowest index that is not in it.
    pub(crate) fn first_gap(&self) -> u64 {
        match self.0.first() {
            Some(run) if *run.start() == 0 => run.end() + 1,
            _ => 0,
        }
    }

    /// Adds all of `other`.
    pub(crate) fn extend(&mut self, other: &Self) {
        other.iter().for_each(|run| self.insert(run));
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, run) in self.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            match (run.start(), run.end()) {
                (start, end) if start == end => write!(f, "{space}{start}")?,
                (start, end) => write!(f, "{space}{start}-{end}")?,
            }
        }
        Ok(())
    }
}

/// The text is not a set of indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a list of indexes such as 0-499 510")]
pub(crate) struct BadRanges;

impl FromStr for Ranges {
    type Err = BadRanges;

    fn from_str(text: &str) -> Result<Self, BadRanges> {
        let mut ranges = Self::default();
        for run in text.split_ascii_whitespace() {
            let (start, end) = run.split_once('-').unwrap_or((run, run));
            let start: u64 = start.parse().map_err(|_| BadRanges)?;
            let end: u64 = end.parse().map_err(|_| BadRanges)?;
            // The highest number has none after it, and there is no such index.
            if start > end || end == u64::MAX {
                return Err(BadRanges);
            }
            ranges.insert(start..=end);
        }
        Ok(ranges)
    }
}

impl TryFrom<String> for Ranges {
    type Error = BadRanges;

    fn try_from(text: String) -> Result<Self, BadRanges> {
        text.parse()
    }
}

impl From<Ranges> for String {
    fn from(ranges: Ranges) -> Self {
        ranges.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(steps in prop::collection::vec((any::<bool>(), 0..200u64, 0..20u64), 0..60)) {
            let (mut ranges, mut model) = (Ranges::default(), BTreeSet::new());
            for (add, start, more) in steps {
                let run = start..=start + more;
                if add {
                    ranges.insert(run.clone());
                    model.extend(run);
                } else {
                    ranges.remove(run.clone());
                    model.retain(|index| !run.contains(index));
                }
            }
            let inside: Vec<u64> = (0..250).filter(|index| ranges.contains(*index)).collect();
            prop_assert_eq!(&inside, &model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(ranges.len(), model.len() as u64);
            let outside: Vec<u64> = (0..250).filter(|index| !model.contains(index)).collect();
            prop_assert_eq!(ranges.gaps(250).into_iter().flatten().collect::<Vec<_>>(), outside);
            prop_assert_eq!(Some(ranges.first_gap()), (0..).find(|index| !model.contains(index)));
            prop_assert_eq!(ranges.to_string().parse::<Ranges>(), Ok(ranges));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["a", "5-3", "-1", "1-", "1,2", "18446744073709551615"] {
            assert_eq!(text.parse::<Ranges>(), Err(BadRanges), "{text}");
        }
        assert_eq!("".parse::<Ranges>(), Ok(Ranges::default()));
    }
}
