//! The ledger's store: two append-only logs, `invocations` and `audit`, in the database.
//!
//! Invariants:
//! - A record, its entry, the tree and the signed head change in one transaction ([`Appender`]).
//! - A head is only signed when the one before it was signed by us and agrees with the stored tree.
//! - Entries, tiles and heads are never deleted; erasing deletes records and nonces, and notes it.
//!
//! Tables: `ledger_heads`, `ledger_entries`, `ledger_tiles`, `ledger_records`, `ledger_erasures`.

mod api;
mod append;
mod erase;
mod error;
mod read;
mod verify;

pub use api::{paths, routes};
pub use append::{Appender, Sealed, adopt};
pub use erase::{Erasure, erase};
pub use error::LedgerError;
pub use read::{
    Proof, checkpoint_at, head, inclusion, proof_of, raw_records, record, records, sealed,
    tile_hashes,
};
pub use verify::{CheckStretch, Outcome, Stretch, verify};

use crate::signers::Signers;
use ::ledger::SigningKey;
use serde::{Deserialize, Serialize};

/// One of the two logs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Log {
    /// Every invocation.
    Invocations,
    /// Every act that has to be accounted for.
    Audit,
}

impl Log {
    /// Both logs.
    pub const ALL: [Self; 2] = [Self::Invocations, Self::Audit];

    /// As it stands in paths and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invocations => "invocations",
            Self::Audit => "audit",
        }
    }

    /// The key that signs it.
    pub fn key(self, signers: &Signers) -> &SigningKey {
        match self {
            Self::Invocations => &signers.invocations,
            Self::Audit => &signers.audit,
        }
    }
}
