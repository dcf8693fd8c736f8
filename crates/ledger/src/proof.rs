//! Inclusion and consistency proofs: made from tiles, checked from nothing.
//!
//! A proof is made through a *source*, `FnMut(level, index, width) -> Result<Vec<Hash>, E>`, which
//! returns the first `width` hashes of tile `index` at `level` (more does no harm: a full tile
//! stands in for a partial one). Each tile is asked for once per proof.

mod check;

use std::collections::btree_map::{BTreeMap, Entry};
use std::ops::Range;

use thiserror::Error;

use crate::frontier::join;
use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, width_at};

pub use check::{InvalidProof, verify_consistency, verify_inclusion};

/// Why a proof could not be made. `E` is the source's own error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofError<E> {
    /// There is no such leaf in a tree of that size.
    #[error("index {index} is not below the tree size {size}")]
    NoSuchLeaf {
        /// The leaf asked for.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A tree cannot be consistent with a smaller one that came later.
    #[error("the old tree of {old} leaves is larger than the new one of {new}")]
    Shrunk {
        /// The older tree's size.
        old: u64,
        /// The newer tree's size.
        new: u64,
    },
    /// The source returned too few hashes.
    #[error("tile {index} of level {level} has {found} hashes instead of {width}")]
    ShortTile {
        /// The tile's level.
        level: u8,
        /// The tile's number.
        index: u64,
        /// How many hashes it must have.
        width: u16,
        /// How many came.
        found: usize,
    },
    /// The source failed.
    #[error(transparent)]
    Source(#[from] E),
}

/// The proof that leaf `index` is in the tree of `size` leaves (RFC 6962, section 2.1.1): the
/// siblings on the way up, lowest first.
///
/// # Errors
///
/// If there is no such leaf, or a tile cannot be had.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    source: impl FnMut(u8, u64, u16) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, ProofError<E>> {
    if index >= size {
        return Err(ProofError::NoSuchLeaf { index, size });
    }
    let mut tree = Tree::new(size, source);
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = split(start, end);
        if index < middle {
            proof.push(tree.root(middle..end)?);
            end = middle;
        } else {
            proof.push(tree.root(start..middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `old` leaves is a prefix of the tree of `new` (RFC 6962, section
/// 2.1.2). It is empty if `old` is 0 or equals `new`.
///
/// # Errors
///
/// If `old` is larger than `new`, or a tile cannot be had.
pub fn consistency<E>(
    old: u64,
    new: u64,
    source: impl FnMut(u8, u64, u16) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, ProofError<E>> {
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let mut tree = Tree::new(new, source);
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, new);
    while old != end {
        let middle = split(start, end);
        if old <= middle {
            proof.push(tree.root(middle..end)?);
            end = middle;
        } else {
            proof.push(tree.root(start..middle)?);
            start = middle;
        }
    }
    // A subtree that starts at 0 is the old tree itself, whose root the verifier knows.
    if start > 0 {
        proof.push(tree.root(start..end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root of the first `size` leaves.
///
/// # Errors
///
/// If a tile cannot be had.
pub fn root_at<E>(
    size: u64,
    source: impl FnMut(u8, u64, u16) -> Result<Vec<Hash>, E>,
) -> Result<Hash, ProofError<E>> {
    Tree::new(size, source).root(0..size)
}

/// Where RFC 6962 splits the range in two: after the largest power of two leaves that is smaller
/// than the whole. The range has at least two leaves.
fn split(start: u64, end: u64) -> u64 {
    start + (1 << (end - start - 1).ilog2())
}

/// A tree of a certain size, seen through its tiles.
struct Tree<S> {
    size: u64,
    source: S,
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl<S, E> Tree<S>
where
    S: FnMut(u8, u64, u16) -> Result<Vec<Hash>, E>,
{
    const fn new(size: u64, source: S) -> Self {
        Self { size, source, tiles: BTreeMap::new() }
    }

    /// The root over a range that splitting the tree has led to.
    fn root(&mut self, mut range: Range<u64>) -> Result<Hash, ProofError<E>> {
        let mut subtrees = Vec::new();
        while !range.is_empty() {
            let height = (range.end - range.start).ilog2();
            subtrees.push(self.subtree(range.start, height)?);
            range.start += 1 << height;
        }
        Ok(join(&subtrees))
    }

    /// The root of the complete subtree of 2^`height` leaves from `start` on.
    fn subtree(&mut self, start: u64, height: u32) -> Result<Hash, ProofError<E>> {
        let level = height / TILE_HEIGHT;
        let position = start >> (TILE_HEIGHT * level);
        let offset = (position % u64::from(TILE_WIDTH)) as usize;
        let tile = self.tile(level as u8, position / u64::from(TILE_WIDTH))?;
        let end = offset + (1 << (height % TILE_HEIGHT));
        Ok(complete_root(tile.get(offset..end).unwrap_or_default()))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], ProofError<E>> {
        match self.tiles.entry((level, index)) {
            Entry::Occupied(tile) => Ok(tile.into_mut()),
            Entry::Vacant(slot) => {
                let width = width_at(self.size, level, index);
                let tile = (self.source)(level, index, width)?;
                if tile.len() < usize::from(width) {
                    return Err(ProofError::ShortTile { level, index, width, found: tile.len() });
                }
                Ok(slot.insert(tile))
            }
        }
    }
}

/// The root over a power of two of neighbouring hashes.
fn complete_root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_ROOT,
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&complete_root(left), &complete_root(right))
        }
    }
}
