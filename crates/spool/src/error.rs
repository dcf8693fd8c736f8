//! What can go wrong.

use std::io;
use std::path::PathBuf;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("another process uses the spool {}", .0.display())]
    InUse(PathBuf),
    /// The folder or a file in it cannot be made, locked or read.
    #[error("the spool {} cannot be used: {source}", folder.display())]
    Disk {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// It would have more than [`crate::Settings::max_bytes`].
    #[error("the spool is full")]
    Full,
    /// A frame is longer than 64 MiB.
    #[error("a frame is too long for the spool")]
    TooLong,
    /// The disk is full or broken.
    #[error("the spool cannot be written: {0}")]
    Disk(#[from] io::Error),
}
