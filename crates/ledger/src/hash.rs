//! SHA-256 digests, and the three ways the log makes them.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// Bytes of the random nonce that is hashed in front of each record.
///
/// 128 bits: too many to try, so the public digest tells nothing of a record whose nonce is gone.
pub const NONCE_LEN: usize = 16;

/// The root of a tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// A SHA-256 digest: a log entry, a leaf hash, an inner node or a root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LEN]);

impl Hash {
    /// Bytes in a digest.
    pub const LEN: usize = 32;

    /// The digest in `bytes`, if there are exactly [`Hash::LEN`] of them.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The digest in standard, padded base64, as checkpoints and JSON answers carry it.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        Self::from_slice(&STANDARD.decode(text).ok()?)
    }

    /// Standard, padded base64: 44 characters.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl From<[u8; Self::LEN]> for Hash {
    fn from(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Lower-case hexadecimal.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The log's entry for a record: `SHA-256(nonce ‖ record)`.
///
/// `nonce` is [`NONCE_LEN`] random bytes, `record` the record's canonical JSON (RFC 8785).
#[must_use]
pub fn entry(nonce: &[u8], record: &[u8]) -> Hash {
    sha256([nonce, record])
}

/// The Merkle leaf hash of an entry: `SHA-256(0x00 ‖ entry)` (RFC 6962, section 2.1).
#[must_use]
pub fn leaf_hash(entry: &Hash) -> Hash {
    sha256([&[0x00], entry.as_ref()])
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)` (RFC 6962, section 2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256([&[0x01], left.as_ref(), right.as_ref()])
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256<const N: usize>(parts: [&[u8]; N]) -> Hash {
    Hash(parts.into_iter().fold(Sha256::new(), Digest::chain_update).finalize().into())
}
