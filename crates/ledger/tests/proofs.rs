//! Proofs: all that should hold do, and nothing else does.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod common;

use std::cell::RefCell;

use common::{Tree, counted_leaf};
use ledger::proof::{
    InvalidProof, ProofError, consistency, inclusion, root_at, verify_consistency, verify_inclusion,
};
use ledger::{EMPTY_ROOT, Hash};
use proptest::prelude::*;
use proptest::sample::Index;

fn prove_inclusion(tree: &Tree, index: u64, size: u64) -> Vec<Hash> {
    inclusion(index, size, |l, n, w| tree.tile(l, n, w)).unwrap()
}

fn prove_consistency(tree: &Tree, old: u64, new: u64) -> Vec<Hash> {
    consistency(old, new, |l, n, w| tree.tile(l, n, w)).unwrap()
}

fn root(tree: &Tree, size: u64) -> Hash {
    root_at(size, |l, n, w| tree.tile(l, n, w)).unwrap()
}

/// Every way in which one bit or one hash of a proof can be wrong, at a place chosen by `place`.
fn mutations(proof: &[Hash], place: &Index, bit: usize) -> Vec<Vec<Hash>> {
    let mut longer = proof.to_vec();
    longer.insert(place.index(proof.len() + 1), EMPTY_ROOT);
    let mut mutated = vec![longer];
    if !proof.is_empty() {
        let at = place.index(proof.len());
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        let mut flipped = proof.to_vec();
        flipped[at] = flip(&flipped[at], bit);
        mutated.extend([shorter, flipped]);
    }
    mutated
}

fn flip(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes.into()
}

#[test]
fn all_small_proofs_hold() {
    let tree = Tree::counting(40);
    for size in 0..=40 {
        let new_root = root(&tree, size);
        for index in 0..size {
            let proof = prove_inclusion(&tree, index, size);
            verify_inclusion(&counted_leaf(index), index, size, &proof, &new_root).unwrap();
        }
        for old in 0..=size {
            let proof = prove_consistency(&tree, old, size);
            verify_consistency(old, &root(&tree, old), size, &new_root, &proof).unwrap();
        }
    }
}

#[test]
fn each_tile_is_read_once() {
    let tree = Tree::counting(70_000);
    let reads = RefCell::new(Vec::new());
    let proof = inclusion(12_345, 70_000, |l, n, w| {
        reads.borrow_mut().push((l, n, w));
        tree.tile(l, n, w)
    });
    assert_eq!(proof.unwrap().len(), 17);
    let mut reads = reads.into_inner();
    reads.sort_unstable();
    // The leaf's own tiles, and those of the partial right edge.
    assert_eq!(reads, [(0, 48, 256), (0, 273, 112), (1, 0, 256), (1, 1, 17)]);
}

#[test]
fn a_wider_tile_does_and_a_narrower_one_does_not() {
    let tree = Tree::counting(300);
    let proof = inclusion(5, 200, |l, n, _| tree.tile(l, n, 256)).unwrap();
    assert_eq!(proof, prove_inclusion(&tree, 5, 200));
    let short = inclusion(5, 200, |l, n, w| tree.tile(l, n, w - 1));
    let expected = ProofError::ShortTile { level: 0, index: 0, width: 200, found: 199 };
    assert_eq!(short.unwrap_err(), expected);
    let failed = root_at(5, |_, _, _| Err("the disk is gone"));
    assert_eq!(failed, Err(ProofError::Source("the disk is gone")));
}

#[test]
fn what_cannot_be_proved_is_refused() {
    let tree = Tree::counting(10);
    let no_leaf = inclusion(10, 10, |l, n, w| tree.tile(l, n, w));
    assert_eq!(no_leaf, Err(ProofError::NoSuchLeaf { index: 10, size: 10 }));
    let shrunk = consistency(10, 9, |l, n, w| tree.tile(l, n, w));
    assert_eq!(shrunk, Err(ProofError::Shrunk { old: 10, new: 9 }));
    let out = verify_inclusion(&EMPTY_ROOT, 1, 1, &[], &EMPTY_ROOT);
    assert_eq!(out, Err(InvalidProof::OutOfRange));
    let out = verify_consistency(2, &EMPTY_ROOT, 1, &EMPTY_ROOT, &[]);
    assert_eq!(out, Err(InvalidProof::OutOfRange));
}

#[test]
fn the_largest_numbers_do_no_harm() {
    let proof = [EMPTY_ROOT; 64];
    let max = u64::MAX;
    assert!(verify_inclusion(&EMPTY_ROOT, max - 1, max, &proof, &EMPTY_ROOT).is_err());
    assert!(verify_consistency(max - 1, &EMPTY_ROOT, max, &EMPTY_ROOT, &proof).is_err());
    assert!(verify_consistency(1 << 63, &EMPTY_ROOT, max, &EMPTY_ROOT, &proof).is_err());
}

proptest! {
    #[test]
    fn inclusion_holds_and_no_mutation_does(
        size in 1_u64..3_000, index: Index, place: Index, bit in 0_usize..256,
    ) {
        let tree = Tree::counting(size);
        let index = index.index(size as usize) as u64;
        let (leaf, root) = (counted_leaf(index), tree.frontier.root());
        let proof = prove_inclusion(&tree, index, size);
        let check = |leaf, index, proof: &[Hash], root| {
            verify_inclusion(&leaf, index, size, proof, &root).is_ok()
        };
        prop_assert!(check(leaf, index, &proof, root));
        prop_assert!(!check(flip(&leaf, bit), index, &proof, root));
        prop_assert!(!check(leaf, index, &proof, flip(&root, bit)));
        prop_assert!(!check(leaf, index ^ 1, &proof, root));
        for mutated in mutations(&proof, &place, bit) {
            prop_assert!(!check(leaf, index, &mutated, root));
        }
    }

    #[test]
    fn consistency_holds_and_no_mutation_does(
        new in 1_u64..3_000, old: Index, place: Index, bit in 0_usize..256,
    ) {
        let tree = Tree::counting(new);
        let old = old.index(new as usize + 1) as u64;
        let (old_root, new_root) = (root(&tree, old), tree.frontier.root());
        let proof = prove_consistency(&tree, old, new);
        let check = |old_root, new_root, proof: &[Hash]| {
            verify_consistency(old, &old_root, new, &new_root, proof).is_ok()
        };
        prop_assert!(check(old_root, new_root, &proof));
        prop_assert!(!check(flip(&old_root, bit), new_root, &proof));
        // Everything extends the empty tree, so only there the new root is not bound.
        prop_assert_eq!(check(old_root, flip(&new_root, bit), &proof), old == 0);
        for mutated in mutations(&proof, &place, bit) {
            prop_assert!(!check(old_root, new_root, &mutated));
        }
    }

    #[test]
    fn the_root_of_any_earlier_size_can_be_read(size in 0_u64..3_000, more in 0_u64..700) {
        let tree = Tree::counting(size + more);
        prop_assert_eq!(root(&tree, size), Tree::counting(size).frontier.root());
    }
}
