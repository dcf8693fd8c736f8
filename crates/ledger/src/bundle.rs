//! Entry bundles: the log's entries as tlog-tiles serves them.
//!
//! A bundle is a run of up to 256 entries, each behind its length as a big-endian `u16`. Ours are
//! digests, so the length is always 32.

use crate::hash::Hash;

const PREFIX: [u8; 2] = (Hash::LEN as u16).to_be_bytes();

/// The bundle of these entries.
#[must_use]
pub fn encode(entries: &[Hash]) -> Vec<u8> {
    entries.iter().flat_map(|entry| PREFIX.iter().chain(entry.as_bytes())).copied().collect()
}

/// The entries of a bundle; `None` if any is not 32 bytes long or is cut short.
#[must_use]
pub fn decode(bundle: &[u8]) -> Option<Vec<Hash>> {
    let (entries, rest) = bundle.as_chunks::<{ PREFIX.len() + Hash::LEN }>();
    let decode_one = |entry: &[u8; 34]| Hash::from_slice(entry.strip_prefix(&PREFIX)?);
    if rest.is_empty() { entries.iter().map(decode_one).collect() } else { None }
}
