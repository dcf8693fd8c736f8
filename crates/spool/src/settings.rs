//! How a spool is used.

use std::fmt;
use std::path::PathBuf;

/// Where a spool is, and how large it may become.
#[derive(Clone)]
pub struct Settings {
    /// Its folder, which nothing else uses; made if it is missing.
    pub folder: PathBuf,
    /// What frames are encrypted under. The next process needs the same.
    pub key: [u8; 32],
    /// The most bytes that its files may have together.
    pub max_bytes: u64,
    /// From how many bytes on a file is not written to any more, so that what was taken out of the
    /// spool makes room in it.
    pub segment_bytes: u64,
}

impl Settings {
    /// With segments of 4 MiB.
    #[must_use]
    pub fn new(folder: PathBuf, key: [u8; 32], max_bytes: u64) -> Self {
        Self { folder, key, max_bytes, segment_bytes: 4 << 20 }
    }
}

/// Without the key.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, key: _, max_bytes, segment_bytes } = self;
        let mut shown = f.debug_struct("Settings");
        shown.field("folder", folder).field("max_bytes", max_bytes);
        shown.field("segment_bytes", segment_bytes).finish_non_exhaustive()
    }
}
