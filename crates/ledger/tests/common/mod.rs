//! A log in memory, and the tree as RFC 6962 defines it.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::convert::Infallible;

use ledger::{EMPTY_ROOT, Frontier, Hash, entry, leaf_hash, node_hash};

/// A tile source that cannot fail, over the levels of a tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) frontier: Frontier,
    pub(crate) levels: Vec<Vec<Hash>>,
}

impl Tree {
    pub(crate) fn of(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }

    /// A tree over the entries 0, 1, 2, …
    pub(crate) fn counting(size: u64) -> Self {
        Self::of((0..size).map(counted_leaf))
    }

    pub(crate) fn push(&mut self, leaf: Hash) {
        let mut nodes = vec![(0, self.frontier.size(), leaf)];
        self.frontier.push(leaf, |level, index, hash| nodes.push((level, index, hash)));
        for (level, index, hash) in nodes {
            self.levels.resize(self.levels.len().max(usize::from(level) + 1), Vec::new());
            let hashes = self.levels.get_mut(usize::from(level)).unwrap();
            assert_eq!(hashes.len() as u64, index, "subtrees complete in order");
            hashes.push(hash);
        }
    }

    pub(crate) fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Infallible> {
        let hashes = self.levels.get(usize::from(level)).into_iter().flatten().copied();
        Ok(hashes.skip(index as usize * 256).take(width.into()).collect())
    }
}

pub(crate) fn counted_entry(index: u64) -> Hash {
    entry(&[7; 16], index.to_string().as_bytes())
}

pub(crate) fn counted_leaf(index: u64) -> Hash {
    leaf_hash(&counted_entry(index))
}

/// MTH of RFC 6962, section 2.1, word for word.
pub(crate) fn merkle_tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&merkle_tree_hash(left), &merkle_tree_hash(right))
        }
    }
}
