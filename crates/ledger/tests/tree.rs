//! The tree: published vectors, RFC 6962's own definition, and the stored frontier.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Tree, counted_leaf, merkle_tree_hash};
use ledger::{EMPTY_ROOT, Frontier, FrontierError, Hash, proof};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// The inputs that Certificate Transparency's implementations are tested with.
const INPUTS: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// Their published roots, for sizes 1 to 8.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn published_leaf(input: &[u8]) -> Hash {
    let digest: [u8; 32] = Sha256::new().chain_update([0]).chain_update(input).finalize().into();
    Hash::from(digest)
}

#[test]
fn published_roots() {
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), EMPTY_ROOT);
    assert_eq!(EMPTY_ROOT.as_bytes().as_slice(), Sha256::digest(b"").as_slice());
    for (input, root) in INPUTS.iter().zip(ROOTS) {
        frontier.push(published_leaf(input), |_, _, _| {});
        assert_eq!(frontier.root().to_string(), root);
    }
}

#[test]
fn published_audit_path() {
    let tree = Tree::of(INPUTS.iter().map(|input| published_leaf(input)));
    let path = proof::inclusion(0, 8, |l, n, w| tree.tile(l, n, w)).unwrap();
    let published = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    assert_eq!(path.iter().map(Hash::to_string).collect::<Vec<_>>(), published);
}

#[test]
fn every_small_root_is_as_defined() {
    let leaves: Vec<_> = (0..600).map(counted_leaf).collect();
    let mut frontier = Frontier::new();
    for size in 0..leaves.len() {
        assert_eq!(frontier.root(), merkle_tree_hash(&leaves[..size]));
        frontier.push(leaves[size], |_, _, _| {});
    }
}

#[test]
fn completed_subtrees_are_the_upper_tiles() {
    let leaves: Vec<_> = (0..2 * 65_536 + 300).map(counted_leaf).collect();
    let tree = Tree::of(leaves.iter().copied());
    assert_eq!(tree.levels.iter().map(Vec::len).collect::<Vec<_>>(), [131_372, 513, 2]);
    let level_1: Vec<_> = leaves.as_chunks::<256>().0.iter().map(|c| merkle_tree_hash(c)).collect();
    assert_eq!(tree.levels[1], level_1);
    assert_eq!(tree.levels[2][1], merkle_tree_hash(&leaves[65_536..131_072]));
}

#[test]
fn a_frontier_with_a_wrong_number_of_hashes_is_refused() {
    let bytes = Tree::counting(5).frontier.to_bytes();
    let wrong = |found| Err(FrontierError::HashCount { size: 5, found });
    assert_eq!(Frontier::from_bytes(&bytes[..40]), wrong(1));
    assert_eq!(Frontier::from_bytes(&[bytes.as_slice(), &[0; 32]].concat()), wrong(3));
    assert_eq!(Frontier::from_bytes(&bytes[..41]), Err(FrontierError::Truncated));
    assert_eq!(Frontier::from_bytes(&bytes[..7]), Err(FrontierError::Truncated));
}

#[test]
fn hashes_have_two_spellings() {
    let hash = counted_leaf(0);
    assert_eq!(Hash::from_base64(&hash.to_base64()), Some(hash));
    assert_eq!(hash.to_string().len(), 64);
    assert_eq!(Hash::from_slice(&[0; 31]), None);
    assert_eq!(Hash::from_base64("AAAA"), None);
}

proptest! {
    #[test]
    fn a_frontier_survives_storage(size in 0_u64..3_000, more in 0_u64..300) {
        let mut stored = Frontier::from_bytes(&Tree::counting(size).frontier.to_bytes()).unwrap();
        (size..size + more).for_each(|index| stored.push(counted_leaf(index), |_, _, _| {}));
        prop_assert_eq!(stored, Tree::counting(size + more).frontier);
    }
}
