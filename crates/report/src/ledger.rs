//! The records' places in the signed Merkle log, with what a stranger needs to check them.

use crate::completeness::Range;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The most index ranges that are listed.
const MAX_RANGES: usize = 1000;

/// What the log says about the records; made by whoever holds the log.
#[derive(Debug, Clone)]
pub struct LedgerProof {
    /// The log's name, `invocations`.
    pub log: String,
    /// The checkpoint's origin line.
    pub origin: String,
    /// The log's key in signed-note form.
    pub verifier_key: String,
    /// A checkpoint that covers all the records, as its signed note.
    pub checkpoint: String,
    /// The tree size of that checkpoint.
    pub tree_size: u64,
    /// Proofs of the first and the last record against that checkpoint.
    pub inclusion_proofs: Vec<InclusionProof>,
}

/// That an entry stands in the log (RFC 6962, 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InclusionProof {
    /// The entry's index.
    pub index: u64,
    /// The 32-byte entry, base64.
    pub entry: String,
    /// The sibling hashes from the leaf to the root, base64.
    pub proof: Vec<String>,
}

/// The records in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRange {
    /// The log's name.
    pub log: String,
    /// The checkpoint's origin line.
    pub origin: String,
    /// The log's key in signed-note form, to compare with one that came another way.
    pub verifier_key: String,
    /// A checkpoint that covers all the records, as its signed note.
    pub checkpoint: String,
    /// The tree size of that checkpoint.
    pub tree_size: u64,
    /// How many records the report counts.
    pub count: u64,
    /// The first record's index; null without records.
    pub first_index: Option<u64>,
    /// The last record's index; null without records.
    pub last_index: Option<u64>,
    /// Which indexes the records have: the first 1000 ranges. Other projects' records, and those
    /// outside the scope, lie between them.
    pub index_ranges: Vec<Range>,
    /// How many ranges there are.
    pub index_range_count: u64,
    /// SHA-256, in hex, over the 32-byte entries of all the records, in ledger order and with
    /// nothing between them. It binds the report to every one of its records.
    pub entries_sha256: String,
    /// Proofs of the first and the last record.
    pub inclusion_proofs: Vec<InclusionProof>,
}

/// The section while it is counted.
#[derive(Default)]
pub(crate) struct LedgerCounter {
    entries: Sha256,
    count: u64,
    span: Option<Range>,
    ranges: Vec<Range>,
    range_count: u64,
}

impl LedgerCounter {
    /// Counts the entry at `index`, which is above that of the entry before.
    pub(crate) fn add(&mut self, index: u64, entry: &[u8; 32]) {
        self.entries.update(entry);
        self.count += 1;
        let follows = self.span.is_some_and(|span| span.last.checked_add(1) == Some(index));
        self.span = Some(Range { first: self.span.map_or(index, |span| span.first), last: index });
        if !follows {
            self.range_count += 1;
        }
        let listed = self.range_count <= MAX_RANGES as u64;
        match self.ranges.last_mut() {
            Some(range) if follows && listed => range.last = index,
            _ if listed => self.ranges.push(Range { first: index, last: index }),
            _ => {}
        }
    }

    pub(crate) fn finish(self, proof: LedgerProof) -> LedgerRange {
        LedgerRange {
            log: proof.log,
            origin: proof.origin,
            verifier_key: proof.verifier_key,
            checkpoint: proof.checkpoint,
            tree_size: proof.tree_size,
            count: self.count,
            first_index: self.span.map(|span| span.first),
            last_index: self.span.map(|span| span.last),
            index_ranges: self.ranges,
            index_range_count: self.range_count,
            entries_sha256: hex::encode(self.entries.finalize()),
            inclusion_proofs: proof.inclusion_proofs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_become_ranges_of_which_the_first_are_listed() {
        let mut counter = LedgerCounter::default();
        [3, 4, 7]
            .into_iter()
            .chain((0..2000).map(|n| 10 + 2 * n))
            .for_each(|i| counter.add(i, &[0; 32]));
        assert_eq!(counter.ranges[..2], [Range { first: 3, last: 4 }, Range { first: 7, last: 7 }]);
        assert_eq!((counter.ranges.len(), counter.range_count, counter.count), (1000, 2002, 2003));
        assert_eq!(counter.span, Some(Range { first: 3, last: 4008 }));
    }
}
