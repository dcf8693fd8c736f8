//! The tree's right edge: all that is needed to append and to know the root.

use thiserror::Error;

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tile::TILE_HEIGHT;

/// The roots of the complete subtrees that a tree of `size` leaves falls into, largest first:
/// one for each bit set in `size`, hence at most 64 hashes for a log of any length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

/// Why bytes are not a frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrontierError {
    /// Fewer than the eight bytes of the size, or a last hash that is cut short.
    #[error("the stored frontier is cut short")]
    Truncated,
    /// The size's set bits and the number of hashes differ.
    #[error("the stored frontier of size {size} needs {} hashes but has {found}", size.count_ones())]
    HashCount {
        /// The size it claims.
        size: u64,
        /// How many hashes follow.
        found: usize,
    },
}

impl Frontier {
    /// The frontier of the empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle tree hash of all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        join(&self.hashes)
    }

    /// Appends one leaf hash, at one inner node on average.
    ///
    /// `completed(level, index, hash)` is called for each tile hash that this leaf completes, from
    /// the bottom up: `hash` covers the 256^`level` leaves from `index`·256^`level` on, `level` ≥ 1.
    /// It is what tile level `level` holds at position `index`.
    pub fn push(&mut self, leaf: Hash, mut completed: impl FnMut(u8, u64, Hash)) {
        // A new leaf carries through the subtrees like a one through the trailing ones of a number.
        let merges = self.size.trailing_ones();
        self.size += 1;
        let mut node = leaf;
        let kept = self.hashes.len().saturating_sub(merges as usize);
        for (height, left) in (1..).zip(self.hashes.drain(kept..).rev()) {
            node = node_hash(&left, &node);
            if height % TILE_HEIGHT == 0 {
                completed((height / TILE_HEIGHT) as u8, (self.size >> height) - 1, node);
            }
        }
        self.hashes.push(node);
    }

    /// The size as eight big-endian bytes, then the hashes, largest subtree first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.hashes.iter().flat_map(Hash::as_bytes));
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// If the bytes are cut short, or hold too few or too many hashes for their size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, hashes) = bytes.split_first_chunk().ok_or(FrontierError::Truncated)?;
        let size = u64::from_be_bytes(*size);
        let hashes = crate::tile::decode(hashes).ok_or(FrontierError::Truncated)?;
        if hashes.len() == size.count_ones() as usize {
            Ok(Self { size, hashes })
        } else {
            Err(FrontierError::HashCount { size, found: hashes.len() })
        }
    }
}

/// The root over neighbouring complete subtrees, given largest first.
pub(crate) fn join(subtrees: &[Hash]) -> Hash {
    let from_the_right = subtrees.iter().copied().rev();
    from_the_right.reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
}
