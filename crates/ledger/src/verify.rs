//! Recomputing a whole log, record by record, and finding whatever does not fit.
//!
//! A [`Verifier`] is told the log's signed head and any checkpoints kept elsewhere, is handed each
//! row in order, and reads the stored tiles as it goes. It holds one frontier and one tile per
//! level, so a log of any length can be streamed past it. It does not stop at the first [`Fault`].
//!
//! Signatures are checked before: the checkpoints given here must come out of
//! [`Checkpoint::open`] with a key that is trusted.

mod fault;

use std::mem;

use crate::checkpoint::Checkpoint;
use crate::frontier::Frontier;
use crate::hash::{EMPTY_ROOT, Hash, NONCE_LEN, entry, leaf_hash};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH};

pub use fault::{Fault, MAX_FAULTS, Report};

/// One row of a stored log.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its place in the log.
    pub index: u64,
    /// The stored entry; 32 bytes unless someone has been at it.
    pub entry: &'a [u8],
    /// What the entry is a digest of.
    pub content: Content<'a>,
}

/// What is left of a record.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// Nonce and record, exactly as they were sealed.
    Sealed {
        /// [`NONCE_LEN`] bytes.
        nonce: &'a [u8],
        /// The record's canonical JSON.
        record: &'a [u8],
    },
    /// Nothing: nonce and record were erased, or are not part of this copy.
    Erased,
}

/// A checkpoint to hold the log against, and what to call it in a report.
#[derive(Clone, Debug)]
pub struct Pin {
    /// Where it was kept, such as a file's name.
    pub name: String,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// Stands in the recomputed tree where a leaf is not to be had. No entry hashes to it.
const NO_LEAF: Hash = EMPTY_ROOT;

/// A verification under way.
///
/// Wherever a method takes `tiles`, that is a source as in [`crate::proof`]: it returns the stored
/// hashes of a tile, at most `width` of them mattering, none if the tile is not there.
#[derive(Debug)]
pub struct Verifier {
    head_size: u64,
    /// Checkpoints still to come, the largest first.
    pins: Vec<Pin>,
    /// The largest size at which all checkpoints agreed.
    agreed: u64,
    frontier: Frontier,
    lowest_level: u8,
    /// Per level, from 0 on, the hashes of the tile that is being filled.
    filling: Vec<Vec<Hash>>,
    report: Report,
}

impl Verifier {
    /// A verification of the log whose signed head is `head`, against checkpoints `kept` elsewhere.
    ///
    /// `lowest_level` is the lowest tile level that the store keeps in its own right: 0 for a
    /// static copy; 1 where leaf tiles are made from the very entries that the rows hold.
    #[must_use]
    pub fn new(head: Pin, kept: Vec<Pin>, lowest_level: u8) -> Self {
        let mut report = Report::new();
        let mut pins = Vec::with_capacity(kept.len() + 1);
        let head_size = head.checkpoint.size;
        for pin in kept {
            if pin.checkpoint.origin == head.checkpoint.origin {
                pins.push(pin);
            } else {
                report.add(Fault::OtherLog { name: pin.name, origin: pin.checkpoint.origin });
            }
        }
        pins.push(head);
        pins.sort_by_key(|pin| std::cmp::Reverse(pin.checkpoint.size));
        let (frontier, filling) = (Frontier::new(), Vec::new());
        let mut this = Self { head_size, pins, agreed: 0, frontier, lowest_level, filling, report };
        this.meet_checkpoints();
        this
    }

    /// Takes the next row. Rows come in the order of their index, up to the head's size.
    ///
    /// # Errors
    ///
    /// Only if `tiles` fails; whatever is wrong with the log goes into the report.
    pub fn push<E>(
        &mut self,
        row: &Row<'_>,
        mut tiles: impl FnMut(u8, u64, u16) -> Result<Vec<Hash>, E>,
    ) -> Result<(), E> {
        let (index, expected) = (row.index, self.frontier.size());
        if index >= self.head_size {
            self.report.add(Fault::Unsealed { index, head: self.head_size });
            return Ok(());
        }
        if index < expected {
            self.report.add(Fault::OutOfOrder { index, expected });
            return Ok(());
        }
        if index > expected {
            self.report.add(Fault::Missing { first: expected, last: index - 1 });
            // The head's size bounds this. All tiles beside the gap can still be compared.
            for _ in expected..index {
                self.grow(NO_LEAF, &mut tiles)?;
            }
        }
        let leaf = self.check(row).map_or(NO_LEAF, |entry| leaf_hash(&entry));
        self.grow(leaf, &mut tiles)
    }

    /// Ends the verification: compares the partial tiles, and finds what is missing at the end.
    ///
    /// # Errors
    ///
    /// Only if `tiles` fails.
    pub fn finish<E>(
        mut self,
        mut tiles: impl FnMut(u8, u64, u16) -> Result<Vec<Hash>, E>,
    ) -> Result<Report, E> {
        let found = self.frontier.size();
        for (level, hashes) in (0..).zip(mem::take(&mut self.filling)) {
            if !hashes.is_empty() {
                let index = found >> (TILE_HEIGHT * (u32::from(level) + 1));
                self.compare(level, index, &hashes, &mut tiles)?;
            }
        }
        for Pin { name, checkpoint } in self.pins.drain(..).rev() {
            self.report.add(Fault::Truncated { name, size: checkpoint.size, found });
        }
        self.report.size = found;
        self.report.root = self.frontier.root();
        Ok(self.report)
    }

    /// Checks a row in itself; returns the entry to go on with, the stored one if it can be read.
    fn check(&mut self, row: &Row<'_>) -> Option<Hash> {
        let index = row.index;
        let stored = Hash::from_slice(row.entry);
        if stored.is_none() {
            self.report.add(Fault::EntryLength { index, found: row.entry.len() });
        }
        let Content::Sealed { nonce, record } = row.content else {
            self.report.erased += 1;
            return stored;
        };
        self.report.records += 1;
        // Without this, bytes could move between nonce and record and leave the digest as it is.
        if nonce.len() != NONCE_LEN {
            self.report.add(Fault::NonceLength { index, found: nonce.len() });
        }
        let computed = entry(nonce, record);
        if stored.is_some_and(|stored| stored != computed) {
            self.report.add(Fault::Altered { index });
        }
        stored.or(Some(computed))
    }

    /// Adds a leaf to the tree, and compares whatever that completes.
    fn grow<E>(
        &mut self,
        leaf: Hash,
        tiles: &mut impl FnMut(u8, u64, u16) -> Result<Vec<Hash>, E>,
    ) -> Result<(), E> {
        let index = self.frontier.size();
        let mut nodes = vec![(0, index, leaf)];
        self.frontier.push(leaf, |level, index, hash| nodes.push((level, index, hash)));
        for (level, index, hash) in nodes {
            let full = self.fill(level, hash);
            if let Some(hashes) = full {
                self.compare(level, index / u64::from(TILE_WIDTH), &hashes, tiles)?;
            }
        }
        self.meet_checkpoints();
        Ok(())
    }

    /// Adds a hash to its level's tile; returns the tile's hashes once it is full.
    fn fill(&mut self, level: u8, hash: Hash) -> Option<Vec<Hash>> {
        let level = usize::from(level);
        if self.filling.len() <= level {
            self.filling.resize_with(level + 1, Vec::new);
        }
        let tile = self.filling.get_mut(level)?;
        tile.push(hash);
        (tile.len() == usize::from(TILE_WIDTH)).then(|| mem::take(tile))
    }

    /// Compares the stored tile with the recomputed one.
    fn compare<E>(
        &mut self,
        level: u8,
        tile: u64,
        computed: &[Hash],
        tiles: &mut impl FnMut(u8, u64, u16) -> Result<Vec<Hash>, E>,
    ) -> Result<(), E> {
        if level < self.lowest_level {
            return Ok(());
        }
        let width = computed.len() as u16;
        let stored = tiles(level, tile, width)?;
        if stored.len() < computed.len() {
            self.report.add(Fault::ShortTile { level, tile, width, found: stored.len() });
        }
        let first = tile * u64::from(TILE_WIDTH);
        for (position, (stored, computed)) in (first..).zip(stored.iter().zip(computed)) {
            if stored != computed {
                self.report.add(Fault::Node { level, position });
            }
        }
        Ok(())
    }

    /// Holds the tree against all checkpoints of just its size.
    fn meet_checkpoints(&mut self) {
        let size = self.frontier.size();
        let agreed = self.agreed;
        let mut all_agree = true;
        while let Some(Pin { name, checkpoint }) =
            self.pins.pop_if(|pin| pin.checkpoint.size == size)
        {
            if checkpoint.root == self.frontier.root() {
                self.agreed = size;
            } else {
                all_agree = false;
                self.report.add(Fault::Root { name, size, agreed });
            }
        }
        if !all_agree {
            self.agreed = agreed;
        }
    }
}
