//! Key → row of the table: a hash index that the compiler builds, so that one pass over a key finds
//! its row, the rows of its prefixes included.

use crate::dialect::{Row, TABLE};

const SLOTS: usize = 1024;
const EMPTY: u16 = u16::MAX;
const INDEX: [u16; SLOTS] = index();

/// The row for `key` and its rank: the lower, the sooner it wins.
pub(crate) fn row(key: &str) -> Option<(u16, &'static Row)> {
    let mut hash = FNV_BASIS;
    let mut prefix = None;
    for (at, byte) in key.bytes().enumerate() {
        hash = step(hash, byte);
        if byte == b'.' {
            prefix = key.get(..=at).and_then(|prefix| probe(hash, prefix)).or(prefix);
        }
    }
    probe(hash, key).or(prefix)
}

fn probe(hash: u32, key: &str) -> Option<(u16, &'static Row)> {
    let mut slot = hash as usize % SLOTS;
    loop {
        let rank = *INDEX.get(slot)?;
        let row = TABLE.get(usize::from(rank))?;
        if row.key == key {
            return Some((rank, row));
        }
        slot = (slot + 1) % SLOTS;
    }
}

#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and would stop at a bad index")]
#[expect(clippy::cast_possible_truncation, reason = "the table is far shorter than 2^16")]
const fn index() -> [u16; SLOTS] {
    let mut index = [EMPTY; SLOTS];
    let mut rank = 0;
    while rank < TABLE.len() {
        let mut slot = fnv(TABLE[rank].key.as_bytes()) as usize % SLOTS;
        while index[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        index[slot] = rank as u16;
        rank += 1;
    }
    index
}

// FNV-1a, 32 bits.
const FNV_BASIS: u32 = 0x811c_9dc5;

const fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and would stop at a bad index")]
const fn fnv(bytes: &[u8]) -> u32 {
    let mut hash = FNV_BASIS;
    let mut at = 0;
    while at < bytes.len() {
        hash = step(hash, bytes[at]);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_under_its_key_and_no_key_stands_twice() {
        for (rank, expected) in TABLE.iter().enumerate() {
            let (found, _) = row(expected.key).unwrap();
            assert_eq!(usize::from(found), rank, "{}", expected.key);
        }
    }

    #[test]
    fn a_prefix_stands_for_what_begins_with_it() {
        let found = |key| row(key).map(|(_, row)| row.key);
        assert_eq!(found("llm.input_messages.0.message.role"), Some("llm.input_messages."));
        assert_eq!(found("gen_ai.prompt"), Some("gen_ai.prompt"));
        assert_eq!(found("gen_ai.prompt.0.content"), Some("gen_ai.prompt."));
        assert_eq!(found("gen_ai.prompts"), None);
        assert_eq!(found(""), None);
        assert_eq!(found("..."), None);
    }

    #[test]
    fn a_fields_rows_stand_together() {
        let mut fields: Vec<_> = TABLE.iter().map(|row| row.field).collect();
        fields.dedup();
        let stand: Vec<_> = fields.iter().map(|field| *field as usize).collect();
        let mut distinct = stand.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(stand.len(), distinct.len());
    }
}
