//! Tile paths, tile widths and entry bundles.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::counted_entry;
use ledger::tile::{TILE_WIDTH, TileKind, TilePath, tiles_of, width_at};
use ledger::{bundle, tile};
use proptest::prelude::*;

fn path(kind: TileKind, index: u64, width: u16) -> TilePath {
    TilePath::new(kind, index, width).unwrap()
}

#[test]
fn paths_as_the_standard_shows_them() {
    let leaves = TileKind::Hashes { level: 0 };
    assert_eq!(path(leaves, 1_234_067, 256).to_string(), "0/x001/x234/067");
    assert_eq!(path(leaves, 0, 1).to_string(), "0/000.p/1");
    assert_eq!(path(TileKind::Entries, 999, 255).to_string(), "entries/999.p/255");
    assert_eq!(path(TileKind::Entries, 1000, 256).to_string(), "entries/x001/000");
    assert_eq!(path(TileKind::Hashes { level: 63 }, 7, 256).to_string(), "63/007");
}

#[test]
fn paths_have_one_spelling() {
    let refused = [
        "",
        "0",
        "0/",
        "/000",
        "0/0",
        "0/00",
        "0/0000",
        "00/000",
        "+0/000",
        "-1/000",
        "64/000",
        "256/000",
        "0/x000",
        "0/x000/000",
        "0/001/000",
        "0/x001/x000",
        "0/x1/000",
        "0/xx01/000",
        "0/+01",
        "0/000.p",
        "0/000.p/",
        "0/000.p/0",
        "0/000.p/00",
        "0/000.p/01",
        "0/000.p/256",
        "0/000.p/+1",
        "0/000.p/1/",
        "0/000.p/1.p/1",
        "0/000/",
        "0//000",
        " 0/000",
        "0/000 ",
        "data/000",
        "entries",
        "entries/0",
        "Entries/000",
        "tile/0/000",
        "0/x/000",
        "0/000.p/65537",
        "0/x018/x446/x744/x073/x709/x551/616",
        "0/x999/x999/x999/x999/x999/x999/x999/x999/999",
    ];
    for text in refused {
        assert!(text.parse::<TilePath>().is_err(), "{text:?} was accepted");
    }
}

#[test]
fn a_path_cannot_name_what_cannot_be() {
    for (level, width) in [(64, 256), (0, 0), (0, 257)] {
        assert!(TilePath::new(TileKind::Hashes { level }, 0, width).is_err());
    }
}

#[test]
fn the_tiles_of_a_tree_as_the_standard_counts_them() {
    let of_70_000: Vec<_> = tiles_of(70_000).map(|path| path.to_string()).collect();
    assert_eq!(of_70_000.len(), 273 + 1 + 1 + 1 + 1);
    assert_eq!(of_70_000[272..], ["0/272", "0/273.p/112", "1/000", "1/001.p/17", "2/000.p/1"]);
    assert_eq!(
        tiles_of(256).map(|path| path.to_string()).collect::<Vec<_>>(),
        ["0/000", "1/000.p/1"]
    );
    assert_eq!(tiles_of(0).count(), 0);
}

#[test]
fn widths() {
    assert_eq!(width_at(0, 0, 0), 0);
    assert_eq!(width_at(255, 0, 0), 255);
    assert_eq!(width_at(256, 0, 0), TILE_WIDTH);
    assert_eq!(width_at(256, 0, 1), 0);
    assert_eq!(width_at(70_000, 1, 1), 17);
    assert_eq!(width_at(u64::MAX, 0, u64::MAX), 0);
    assert_eq!(width_at(u64::MAX, 7, 0), 255);
    assert_eq!(width_at(u64::MAX, 255, 0), 0);
}

#[test]
fn broken_bundles_and_tiles_are_refused() {
    let entries: Vec<_> = (0..3).map(counted_entry).collect();
    let good = bundle::encode(&entries);
    assert_eq!(good[..2], [0, 32]);
    assert_eq!(good[34..36], [0, 32]);
    assert_eq!(bundle::decode(&good[..101]), None);
    assert_eq!(bundle::decode(&[good.as_slice(), &[0]].concat()), None);
    assert_eq!(bundle::decode(&[&[0, 31], &good[2..]].concat()), None);
    assert_eq!(tile::decode(&[0; 33]), None);
}

proptest! {
    #[test]
    fn paths_come_back(
        level in prop::option::of(0_u8..64), index: u64, width in 1_u16..=256, shift in 0_u32..64,
    ) {
        let kind = level.map_or(TileKind::Entries, |level| TileKind::Hashes { level });
        let path = path(kind, index >> shift, width);
        prop_assert_eq!(path.to_string().parse(), Ok(path));
        prop_assert_eq!((path.kind(), path.index(), path.width()), (kind, index >> shift, width));
    }

    #[test]
    fn what_parses_is_written_the_same(text in "[0-9x/.pentris]{1,12}") {
        if let Ok(path) = text.parse::<TilePath>() {
            prop_assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn bundles_and_tiles_come_back(count in 0_u64..=256) {
        let entries: Vec<_> = (0..count).map(counted_entry).collect();
        prop_assert_eq!(bundle::decode(&bundle::encode(&entries)), Some(entries.clone()));
        prop_assert_eq!(tile::decode(&tile::encode(&entries)), Some(entries));
    }
}
