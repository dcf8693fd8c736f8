//! Tiles: the tree cut into immutable pieces of 256 hashes ([tlog-tiles](https://c2sp.org/tlog-tiles)).
//!
//! The hash at position `i` of level `l` is the root of the 256^`l` leaves from `i`·256^`l` on; at
//! level 0 that is a leaf hash. Tile `n` of a level holds the positions from 256·`n` on, and is
//! partial until it has all 256.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::decimal;
use crate::hash::Hash;

/// Levels of the Merkle tree that one tile spans.
pub const TILE_HEIGHT: u32 = 8;

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;

/// The highest level that a tile path may name.
const MAX_LEVEL: u8 = 63;

/// How many hashes tile `index` of `level` holds in a tree of `size` leaves: 0 if there is no such
/// tile, [`TILE_WIDTH`] if it is full.
#[must_use]
pub fn width_at(size: u64, level: u8, index: u64) -> u16 {
    let hashes = hashes_at(size, level);
    let before = index.saturating_mul(TILE_WIDTH.into());
    hashes.saturating_sub(before).min(TILE_WIDTH.into()) as u16
}

/// The hash tiles of a tree of `size` leaves, level by level; what a static copy of a log holds.
pub fn tiles_of(size: u64) -> impl Iterator<Item = TilePath> {
    let levels = (0..=MAX_LEVEL).take_while(move |&level| hashes_at(size, level) > 0);
    levels.flat_map(move |level| {
        let tiles = hashes_at(size, level).div_ceil(TILE_WIDTH.into());
        (0..tiles).map(move |index| {
            let width = width_at(size, level, index);
            TilePath { kind: TileKind::Hashes { level }, index, width }
        })
    })
}

/// How many hashes `level` holds in a tree of `size` leaves.
fn hashes_at(size: u64, level: u8) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0)
}

/// A tile's bytes: its hashes, one after the other.
#[must_use]
pub fn encode(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// The hashes in a tile's bytes; `None` if the last one is cut short.
#[must_use]
pub fn decode(tile: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = tile.as_chunks::<{ Hash::LEN }>();
    rest.is_empty().then(|| hashes.iter().copied().map(Hash::from).collect())
}

/// What a tile path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// Hashes of one level.
    Hashes {
        /// 0 for leaf hashes; at most 63.
        level: u8,
    },
    /// A bundle of log entries (see [`crate::bundle`]).
    Entries,
}

/// A tile's path below `tile/`: `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`.
///
/// Parsing is strict: there is one spelling for each tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// The text is not the path of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is not a tile path of the form <L>/<N>[.p/<W>]")]
pub struct BadTilePath;

impl TilePath {
    /// The path of a tile of `width` hashes or entries.
    ///
    /// # Errors
    ///
    /// If the level is over 63, or the width not between 1 and [`TILE_WIDTH`].
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, BadTilePath> {
        let level_exists = !matches!(kind, TileKind::Hashes { level } if level > MAX_LEVEL);
        let width_exists = (1..=TILE_WIDTH).contains(&width);
        if level_exists && width_exists {
            Ok(Self { kind, index, width })
        } else {
            Err(BadTilePath)
        }
    }

    /// Whether it names hashes, and of which level, or entries.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// The tile's number within its level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it asks for: 1 to [`TILE_WIDTH`], the latter if it is full.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "{level}/")?,
            TileKind::Entries => f.write_str("entries/")?,
        }
        write_index(f, self.index)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Three digits a path element, an `x` before all but the last: no folder grows past a few
/// thousand names, and no file has a folder's name.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    let groups = index.checked_ilog10().unwrap_or(0) / 3;
    for group in (1..=groups).rev() {
        write!(f, "x{:03}/", index / 1000_u64.pow(group) % 1000)?;
    }
    write!(f, "{:03}", index % 1000)
}

impl FromStr for TilePath {
    type Err = BadTilePath;

    fn from_str(text: &str) -> Result<Self, BadTilePath> {
        let path = parse(text).ok_or(BadTilePath)?;
        // `parse` is lenient about zeros; a path that is not spelled as we would is refused here.
        if path.to_string() == text { Ok(path) } else { Err(BadTilePath) }
    }
}

fn parse(text: &str) -> Option<TilePath> {
    let (kind, rest) = text.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes { level: decimal::parse(level)?.try_into().ok()? },
    };
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, decimal::parse(width)?.try_into().ok()?),
        None => (rest, TILE_WIDTH),
    };
    let index = index.split('/').try_fold(0_u64, |index, group| {
        let digits: u16 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        index.checked_mul(1000)?.checked_add(digits.into())
    })?;
    TilePath::new(kind, index, width).ok()
}
