//! What a verification can find, in words for those who have to act on it.

use thiserror::Error;

use crate::checkpoint::Origin;
use crate::hash::{EMPTY_ROOT, Hash, NONCE_LEN};
use crate::tile::TILE_WIDTH;

/// The most faults a report lists. All are counted.
pub const MAX_FAULTS: usize = 100;

/// One thing that does not fit. Its `Display` is a plain sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// Nonce or record are not what the entry was made from.
    #[error("Record {index} was altered: it does not match its entry in the log.")]
    Altered {
        /// The record's index.
        index: u64,
    },
    /// The nonce has not the length that was sealed.
    #[error("Record {index} was altered: its nonce has {found} bytes instead of {NONCE_LEN}.")]
    NonceLength {
        /// The record's index.
        index: u64,
        /// The bytes it has.
        found: usize,
    },
    /// The entry is no digest.
    #[error("Record {index} was altered: its entry has {found} bytes instead of {}.", Hash::LEN)]
    EntryLength {
        /// The record's index.
        index: u64,
        /// The bytes it has.
        found: usize,
    },
    /// Indexes were skipped.
    #[error("Records {first} to {last} are missing.")]
    Missing {
        /// The first index that is missing.
        first: u64,
        /// The last one.
        last: u64,
    },
    /// An index came again, or too late.
    #[error("Record {index} stands where record {expected} should.")]
    OutOfOrder {
        /// The index that came.
        index: u64,
        /// The index that was next.
        expected: u64,
    },
    /// A row that no signature covers.
    #[error("Record {index} lies beyond the signed head, which covers {head} records.")]
    Unsealed {
        /// The record's index.
        index: u64,
        /// The size that the head has.
        head: u64,
    },
    /// A stored tile hash differs from the recomputed one.
    #[error("{}", describe_node(*level, *position))]
    Node {
        /// The tile level.
        level: u8,
        /// The hash's position within the level.
        position: u64,
    },
    /// A stored tile is missing or too short.
    #[error(
        "Tile {tile} of level {level} has {found} of its {width} hashes; it covers records from {} on.",
        first_leaf(*level, tile.saturating_mul(TILE_WIDTH.into()))
    )]
    ShortTile {
        /// The tile level.
        level: u8,
        /// The tile's number.
        tile: u64,
        /// The hashes it must have.
        width: u16,
        /// The hashes it has.
        found: usize,
    },
    /// A checkpoint's root is not the root of the records.
    #[error("Some record from {agreed} to {} is not the one that {name} seals.", size.saturating_sub(1))]
    Root {
        /// The checkpoint's name.
        name: String,
        /// Its size.
        size: u64,
        /// The largest size at which the checkpoints before it agreed with the records.
        agreed: u64,
    },
    /// A checkpoint covers more records than there are.
    #[error("Records {found} to {} are missing: {name} seals {size} records.", size.saturating_sub(1))]
    Truncated {
        /// The checkpoint's name.
        name: String,
        /// Its size.
        size: u64,
        /// The number of records found.
        found: u64,
    },
    /// A checkpoint of another log was given.
    #[error("{name} is not a checkpoint of this log but of {origin}.")]
    OtherLog {
        /// The checkpoint's name.
        name: String,
        /// The log it is of.
        origin: Origin,
    },
}

/// The first leaf under a hash of a tile level.
fn first_leaf(level: u8, position: u64) -> u64 {
    position.saturating_mul(u64::from(TILE_WIDTH).saturating_pow(level.into()))
}

fn describe_node(level: u8, position: u64) -> String {
    let first = first_leaf(level, position);
    if level == 0 {
        return format!("Record {first} was replaced: the leaf tiles hold another hash for it.");
    }
    let last = first_leaf(level, position.saturating_add(1)).saturating_sub(1);
    format!(
        "Some record from {first} to {last} was replaced, or the tiles were: \
         hash {position} of level {level} is another."
    )
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of records in the recomputed log.
    pub size: u64,
    /// The root of the recomputed tree.
    pub root: Hash,
    /// Records whose content was there and was checked.
    pub records: u64,
    /// Records of which only the digest is left.
    pub erased: u64,
    /// The first [`MAX_FAULTS`] faults, in the order they were met.
    pub faults: Vec<Fault>,
    /// How many faults there are in all.
    pub fault_count: u64,
}

impl Report {
    /// Whether no fault was found.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.fault_count == 0
    }

    pub(super) const fn new() -> Self {
        let faults = Vec::new();
        Self { size: 0, root: EMPTY_ROOT, records: 0, erased: 0, faults, fault_count: 0 }
    }

    pub(super) fn add(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }
}
