//! The verifier: a sound log passes, and whatever is done to one is found.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod common;

use common::Tree;
use ledger::verify::{Content, Fault, MAX_FAULTS, Pin, Report, Row, Verifier};
use ledger::{Checkpoint, EMPTY_ROOT, Hash, entry, leaf_hash};
use proptest::prelude::*;
use proptest::sample::Index;

/// A stored row, as an attacker with write access to everything but the key can change it.
#[derive(Clone, Debug, PartialEq)]
struct Stored {
    index: u64,
    entry: Vec<u8>,
    content: Option<(Vec<u8>, Vec<u8>)>,
}

impl Stored {
    fn new(index: u64, record: &str) -> Self {
        let nonce = vec![index as u8; 16];
        let entry = entry(&nonce, record.as_bytes()).as_ref().to_vec();
        Self { index, entry, content: Some((nonce, record.into())) }
    }

    fn row(&self) -> Row<'_> {
        let content = match &self.content {
            Some((nonce, record)) => Content::Sealed { nonce, record },
            None => Content::Erased,
        };
        Row { index: self.index, entry: &self.entry, content }
    }
}

fn log(size: u64) -> Vec<Stored> {
    (0..size).map(|index| Stored::new(index, &format!("{{\"n\":{index}}}"))).collect()
}

fn tree(rows: &[Stored]) -> Tree {
    Tree::of(rows.iter().map(|row| leaf_hash(&Hash::from_slice(&row.entry).unwrap())))
}

fn pin(name: &str, size: u64, root: Hash) -> Pin {
    let origin = "example.org/log".parse().unwrap();
    Pin { name: name.into(), checkpoint: Checkpoint { origin, size, root } }
}

/// The head of a log, with the tiles that were stored when it was signed.
struct Sealed {
    tiles: Tree,
    head: Pin,
}

fn seal(rows: &[Stored]) -> Sealed {
    let tiles = tree(rows);
    let head = pin("the signed head", tiles.frontier.size(), tiles.frontier.root());
    Sealed { tiles, head }
}

fn verify(rows: &[Stored], sealed: &Sealed, kept: Vec<Pin>, lowest_level: u8) -> Report {
    let mut verifier = Verifier::new(sealed.head.clone(), kept, lowest_level);
    let mut source = |l, n, w| sealed.tiles.tile(l, n, w);
    for row in rows {
        verifier.push(&row.row(), &mut source).unwrap();
    }
    verifier.finish(&mut source).unwrap()
}

#[test]
fn a_sound_log_is_sound() {
    for size in [0, 1, 255, 256, 257, 1000, 66_000] {
        let mut rows = log(size);
        let sealed = seal(&rows);
        if let Some(row) = rows.get_mut(200) {
            row.content = None;
        }
        let kept = (0..size.min(1000)).step_by(97).map(|size| {
            let part = seal(&rows[..size as usize]);
            pin("kept", size, part.head.checkpoint.root)
        });
        let report = verify(&rows, &sealed, kept.collect(), 0);
        assert_eq!(report.faults, []);
        assert!(report.is_sound());
        assert_eq!((report.size, report.root), (size, sealed.tiles.frontier.root()));
        assert_eq!(report.records + report.erased, size);
        assert_eq!(report.erased, u64::from(size > 200));
    }
}

#[test]
fn an_edited_record_is_named() {
    let mut rows = log(1000);
    let sealed = seal(&rows);
    rows[417].content.as_mut().unwrap().1 = b"{\"n\":0}".to_vec();
    let report = verify(&rows, &sealed, vec![], 0);
    assert_eq!(report.faults, [Fault::Altered { index: 417 }]);
    let text = report.faults[0].to_string();
    assert_eq!(text, "Record 417 was altered: it does not match its entry in the log.");
}

#[test]
fn a_replaced_record_is_named_by_the_leaf_tiles() {
    let mut rows = log(1000);
    let sealed = seal(&rows);
    rows[417] = Stored::new(417, "{\"n\":0}");
    let report = verify(&rows, &sealed, vec![], 0);
    assert_eq!(report.faults[0], Fault::Node { level: 0, position: 417 });
    let upper = verify(&rows, &sealed, vec![], 1);
    let texts: Vec<_> = upper.faults.iter().map(Fault::to_string).collect();
    assert_eq!(
        texts,
        [
            "Some record from 0 to 999 is not the one that the signed head seals.",
            "Some record from 256 to 511 was replaced, or the tiles were: \
             hash 1 of level 1 is another.",
        ]
    );
}

#[test]
fn a_rewritten_log_is_found_by_a_checkpoint_kept_elsewhere() {
    let mut rows = log(1000);
    let at = |rows: &[Stored], size: u64| {
        pin("kept.txt", size, seal(&rows[..size as usize]).head.checkpoint.root)
    };
    let kept = vec![at(&rows, 900), at(&rows, 300), at(&rows, 600)];
    rows[417] = Stored::new(417, "{\"n\":0}");
    // Whoever did this has the key too: tiles and head are made anew.
    let report = verify(&rows, &seal(&rows), kept, 0);
    let name = "kept.txt".to_owned();
    assert_eq!(
        report.faults,
        [
            Fault::Root { name: name.clone(), size: 600, agreed: 300 },
            Fault::Root { name, size: 900, agreed: 300 },
        ]
    );
    let text = report.faults[0].to_string();
    assert_eq!(text, "Some record from 300 to 599 is not the one that kept.txt seals.");
}

#[test]
fn a_truncated_log_is_found_by_a_checkpoint_kept_elsewhere() {
    let rows = log(1000);
    let kept = vec![seal(&rows).head];
    let report = verify(&rows[..700], &seal(&rows[..700]), kept, 0);
    let name = "the signed head".to_owned();
    assert_eq!(report.faults, [Fault::Truncated { name, size: 1000, found: 700 }]);
    let text = report.faults[0].to_string();
    assert_eq!(text, "Records 700 to 999 are missing: the signed head seals 1000 records.");
}

#[test]
fn gaps_repeats_and_strays_are_named() {
    let all = log(600);
    let sealed = seal(&all);
    let mut gap = all.clone();
    gap.drain(100..103);
    let report = verify(&gap, &sealed, vec![], 1);
    assert_eq!(report.faults[0], Fault::Missing { first: 100, last: 102 });
    // What stands beside the gap is still checked: the second full tile is as it was.
    assert!(!report.faults.contains(&Fault::Node { level: 1, position: 1 }));
    let mut repeated = all.clone();
    repeated.insert(10, all[9].clone());
    let report = verify(&repeated, &sealed, vec![], 0);
    assert_eq!(report.faults, [Fault::OutOfOrder { index: 9, expected: 10 }]);
    let mut stray = all;
    stray.push(Stored::new(1 << 60, "{}"));
    let report = verify(&stray, &sealed, vec![], 0);
    assert_eq!(report.faults, [Fault::Unsealed { index: 1 << 60, head: 600 }]);
}

#[test]
fn bytes_cannot_move_between_nonce_and_record() {
    let mut rows = log(3);
    let sealed = seal(&rows);
    let (nonce, record) = rows[1].content.as_mut().unwrap();
    nonce.push(record.remove(0));
    let report = verify(&rows, &sealed, vec![], 0);
    assert_eq!(report.faults, [Fault::NonceLength { index: 1, found: 17 }]);
}

#[test]
fn a_damaged_entry_is_told_from_a_damaged_record() {
    let mut rows = log(3);
    let sealed = seal(&rows);
    rows[1].entry.pop();
    let report = verify(&rows, &sealed, vec![], 0);
    // The record still says what the entry was, so the tree is whole.
    assert_eq!(report.faults, [Fault::EntryLength { index: 1, found: 31 }]);
}

#[test]
fn lost_and_altered_tiles_are_found() {
    let rows = log(1000);
    let mut sealed = seal(&rows);
    sealed.tiles.levels[1][2] = EMPTY_ROOT;
    sealed.tiles.levels[0].truncate(900);
    let report = verify(&rows, &sealed, vec![], 0);
    let short = Fault::ShortTile { level: 0, tile: 3, width: 232, found: 132 };
    assert_eq!(report.faults, [short, Fault::Node { level: 1, position: 2 }]);
    assert!(report.faults[0].to_string().ends_with("it covers records from 768 on."));
}

#[test]
fn another_logs_checkpoint_is_not_compared() {
    let rows = log(10);
    let mut foreign = pin("foreign.txt", 5, EMPTY_ROOT);
    foreign.checkpoint.origin = "example.org/other".parse().unwrap();
    let report = verify(&rows, &seal(&rows), vec![foreign], 0);
    let text = "foreign.txt is not a checkpoint of this log but of example.org/other.";
    assert_eq!(report.faults.iter().map(Fault::to_string).collect::<Vec<_>>(), [text]);
}

#[test]
fn faults_are_bounded_but_counted() {
    let mut rows = log(1000);
    let sealed = seal(&rows);
    rows.iter_mut().for_each(|row| row.content.as_mut().unwrap().0[0] ^= 1);
    let report = verify(&rows, &sealed, vec![], 0);
    assert_eq!((report.faults.len(), report.fault_count), (MAX_FAULTS, 1000));
}

#[test]
fn a_fork_at_one_size_is_found() {
    let rows = log(8);
    let fork = pin("fork.txt", 8, EMPTY_ROOT);
    let report = verify(&rows, &seal(&rows), vec![fork, pin("empty.txt", 0, leaf())], 0);
    let roots: Vec<_> = report.faults.iter().map(Fault::to_string).collect();
    assert_eq!(
        roots,
        [
            "Some record from 0 to 0 is not the one that empty.txt seals.",
            "Some record from 0 to 7 is not the one that fork.txt seals.",
        ]
    );
}

fn leaf() -> Hash {
    leaf_hash(&EMPTY_ROOT)
}

/// What can be done to the rows of a log.
#[derive(Clone, Debug)]
enum Attack {
    Edit(Index, Index, u8),
    Replace(Index),
    Delete(Index),
    DeleteAndRenumber(Index),
    Insert(Index),
    Swap(Index, Index),
    Truncate(Index),
}

fn attacks() -> impl Strategy<Value = Attack> {
    let at = any::<Index>;
    prop_oneof![
        (at(), at(), 1_u8..).prop_map(|(row, byte, change)| Attack::Edit(row, byte, change)),
        at().prop_map(Attack::Replace),
        at().prop_map(Attack::Delete),
        at().prop_map(Attack::DeleteAndRenumber),
        at().prop_map(Attack::Insert),
        (at(), at()).prop_map(|(a, b)| Attack::Swap(a, b)),
        at().prop_map(Attack::Truncate),
    ]
}

fn attack(rows: &mut Vec<Stored>, attack: &Attack) {
    let len = rows.len();
    match attack {
        Attack::Edit(row, byte, change) => edit(&mut rows[row.index(len)], byte, *change),
        Attack::Replace(row) => {
            let index = row.index(len) as u64;
            rows[row.index(len)] = Stored::new(index, "{}");
        }
        Attack::Delete(row) => drop(rows.remove(row.index(len))),
        Attack::DeleteAndRenumber(row) => {
            rows.remove(row.index(len));
            renumber(rows);
        }
        Attack::Insert(row) => {
            rows.insert(row.index(len + 1), Stored::new(0, "{}"));
            renumber(rows);
        }
        Attack::Swap(a, b) => {
            rows.swap(a.index(len), b.index(len));
            renumber(rows);
        }
        Attack::Truncate(keep) => rows.truncate(keep.index(len)),
    }
}

/// Changes one byte among nonce, record and entry.
fn edit(row: &mut Stored, byte: &Index, change: u8) {
    let (nonce, record) = row.content.as_mut().unwrap();
    let bytes: Vec<_> = nonce.iter_mut().chain(record).chain(&mut row.entry).collect();
    let at = byte.index(bytes.len());
    *bytes.into_iter().nth(at).unwrap() ^= change;
}

fn renumber(rows: &mut [Stored]) {
    (0..).zip(rows).for_each(|(index, row)| row.index = index);
}

proptest! {
    #[test]
    fn every_attack_is_found(size in 1_u64..1200, one in attacks(), lowest_level in 0_u8..2) {
        let mut rows = log(size);
        let sealed = seal(&rows);
        attack(&mut rows, &one);
        let unharmed = rows == log(size);
        let report = verify(&rows, &sealed, vec![], lowest_level);
        prop_assert_eq!(report.is_sound(), unharmed);
        prop_assert_eq!(report.faults.is_empty(), unharmed);
    }

    #[test]
    fn with_the_key_stolen_every_attack_is_found_by_a_kept_checkpoint(
        size in 1_u64..1200, one in attacks(),
    ) {
        let mut rows = log(size);
        let kept = seal(&rows).head;
        attack(&mut rows, &one);
        // The thief makes tiles and head anew, of whatever the rows now hold.
        renumber(&mut rows);
        // To add at the end is what the key is for, and changes nothing that was sealed.
        let unharmed = rows.starts_with(&log(size));
        let report = verify(&rows, &seal(&rows), vec![kept], 0);
        prop_assert_eq!(report.is_sound(), unharmed);
    }
}
