//! Checkpoints: a tree's head as a signed text ([tlog-checkpoint](https://c2sp.org/tlog-checkpoint)).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::decimal;
use crate::hash::Hash;
use crate::key::{SigningKey, VerifierKey};
use crate::note::{self, NoteError};

/// Which log a checkpoint is of: one line of text, by custom a URL without its scheme.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = CheckpointError;

    fn from_str(line: &str) -> Result<Self, CheckpointError> {
        let is_line = !line.is_empty() && !line.contains(char::is_control);
        if is_line { Ok(Self(line.to_owned())) } else { Err(CheckpointError::Malformed("origin")) }
    }
}

/// The log's own key has the log's name, as tlog-checkpoint recommends.
impl From<&VerifierKey> for Origin {
    fn from(key: &VerifierKey) -> Self {
        Self(key.name().to_owned())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a log states about itself: of its first `size` entries, `root` is the Merkle root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// The number of entries.
    pub size: u64,
    /// The root of the Merkle tree over them.
    pub root: Hash,
}

/// Why a checkpoint is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The note around it is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The named line is not what it must be.
    #[error("the checkpoint's {0} line is missing or malformed")]
    Malformed(&'static str),
}

impl Checkpoint {
    /// The checkpoint as a note signed with `key`.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign_checked(&self.to_string())
    }

    /// Reads a checkpoint that at least one of the `known` keys has signed.
    ///
    /// Whether it is of the right log, the caller sees at its `origin`.
    ///
    /// # Errors
    ///
    /// If the note or its text is malformed, or the signatures do not hold (see [`note::open`]).
    pub fn open(note: &str, known: &[VerifierKey]) -> Result<Self, CheckpointError> {
        note::open(note, known)?.parse()
    }
}

/// The note's text: origin, size and root, a line each.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())
    }
}

/// Reads the note's text. Extension lines are allowed and passed over.
impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or(malformed("last"))?.split('\n');
        let origin = lines.next().unwrap_or_default().parse()?;
        let size = lines.next().and_then(decimal::parse).ok_or(malformed("size"))?;
        let root = lines.next().and_then(Hash::from_base64).ok_or(malformed("root"))?;
        if lines.any(str::is_empty) {
            return Err(malformed("extension"));
        }
        Ok(Self { origin, size, root })
    }
}
