//! The ledger: an append-only Merkle log that standard tools can check.
//!
//! ```text
//! nonce ‖ record ──entry──▶ 32 bytes ──leaf_hash──▶ Frontier ──root──▶ Checkpoint ──sign──▶ note
//!                                                      │
//!                                                      └─ complete subtrees ──▶ tiles ──▶ proofs
//! ```
//!
//! The tree is that of [RFC 6962](https://www.rfc-editor.org/rfc/rfc6962#section-2.1); tiles,
//! checkpoints and signatures are C2SP's [tlog-tiles](https://c2sp.org/tlog-tiles),
//! [tlog-checkpoint](https://c2sp.org/tlog-checkpoint) and
//! [signed-note](https://c2sp.org/signed-note). `docs/ledger.md` has every byte of it.
//!
//! ```
//! use ledger::{Checkpoint, Frontier, SigningKey, entry, leaf_hash};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::from_seed("example.org/log", [7; 32])?;
//! let entry = entry(&[1; ledger::NONCE_LEN], br#"{"model":"small"}"#);
//!
//! let mut log = Frontier::new();
//! log.push(leaf_hash(&entry), |level, index, hash| { /* keep it for the tiles */ });
//! let head = Checkpoint { origin: key.verifier().into(), size: log.size(), root: log.root() };
//!
//! let note = head.sign(&key);
//! assert_eq!(Checkpoint::open(&note, &[key.verifier().clone()])?, head);
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here reads or writes: a store hands in hashes, by argument or through a closure.

pub mod bundle;
mod checkpoint;
mod decimal;
mod frontier;
mod hash;
mod key;
pub mod note;
pub mod proof;
pub mod tile;
pub mod verify;

pub use checkpoint::{Checkpoint, CheckpointError, Origin};
pub use frontier::{Frontier, FrontierError};
pub use hash::{EMPTY_ROOT, Hash, NONCE_LEN, entry, leaf_hash, node_hash};
pub use key::{KeyError, SigningKey, VerifierKey};
