//! Checking proofs, by the algorithms of [RFC 9162](https://www.rfc-editor.org/rfc/rfc9162),
//! sections 2.1.3.2 and 2.1.4.2. Nothing is trusted but the roots.

use thiserror::Error;

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidProof {
    /// The index is not in the tree, or the old tree is larger than the new one.
    #[error("the proof is for a leaf or a tree outside the tree")]
    OutOfRange,
    /// The proof has more or fewer hashes than its sizes call for.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Checks that `leaf` is at `index` in the tree of `size` leaves whose root is `root`.
///
/// # Errors
///
/// If the proof does not hold.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), InvalidProof> {
    if index >= size {
        return Err(InvalidProof::OutOfRange);
    }
    let mut climb = Climb { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match climb.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    climb.at_top()?;
    same(&hash, root)
}

/// Checks that the tree of `old_size` leaves with `old_root` is a prefix of the tree of `new_size`
/// leaves with `new_root`. The empty tree is a prefix of every tree.
///
/// # Errors
///
/// If the proof does not hold.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), InvalidProof> {
    if old_size > new_size {
        return Err(InvalidProof::OutOfRange);
    }
    if old_size == 0 || old_size == new_size {
        let known = if old_size == 0 { &EMPTY_ROOT } else { new_root };
        return if proof.is_empty() { same(old_root, known) } else { Err(InvalidProof::Length) };
    }
    // The climb starts at the largest complete subtree that ends the old tree. Where that subtree
    // is the whole old tree, the proof leaves its hash out.
    let mut climb = Climb { node: old_size - 1, last: new_size - 1 };
    climb.rise(climb.node.trailing_ones());
    let (start, siblings) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(InvalidProof::Length)?
    };
    let (mut old, mut new) = (*start, *start);
    for sibling in siblings {
        match climb.step()? {
            Side::Left => {
                old = node_hash(sibling, &old);
                new = node_hash(sibling, &new);
            }
            Side::Right => new = node_hash(&new, sibling),
        }
    }
    climb.at_top()?;
    same(&old, old_root)?;
    same(&new, new_root)
}

/// A way up the tree: a node's number within its level, and that of the level's last node.
struct Climb {
    node: u64,
    last: u64,
}

/// On which side of the node its sibling is.
enum Side {
    Left,
    Right,
}

impl Climb {
    /// Goes up to the parent, past the levels at which a lone last node has no sibling.
    fn step(&mut self) -> Result<Side, InvalidProof> {
        if self.last == 0 {
            return Err(InvalidProof::Length);
        }
        if self.node == self.last {
            self.rise(self.node.trailing_zeros());
        }
        let side = if self.node % 2 == 1 { Side::Left } else { Side::Right };
        self.rise(1);
        Ok(side)
    }

    const fn rise(&mut self, levels: u32) {
        self.node >>= levels;
        self.last >>= levels;
    }

    const fn at_top(&self) -> Result<(), InvalidProof> {
        if self.last == 0 { Ok(()) } else { Err(InvalidProof::Length) }
    }
}

fn same(computed: &Hash, root: &Hash) -> Result<(), InvalidProof> {
    if computed == root { Ok(()) } else { Err(InvalidProof::Root) }
}
