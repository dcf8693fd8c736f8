//! How a cache is used.

use std::fmt;
use std::time::Duration;

/// How large the cache is, and whom it believes.
#[derive(Clone)]
pub struct Settings {
    /// How much the process keeps, in bytes, counted as the length of what is kept.
    pub capacity: u64,
    /// For how long entries are believed while nobody could have told this process of a change: it
    /// is the bound on what other processes see after a write. `None`: no other process writes.
    pub trust: Option<Duration>,
    /// Before every key and channel in Redis, so that services can share one.
    pub prefix: String,
    /// Entries in Redis are authenticated with it: what was altered there is a miss. All processes
    /// need the same.
    pub secret: [u8; 32],
    /// Where the jitter begins; a random number but in tests.
    pub seed: u64,
}

impl Settings {
    /// 900 ms: a write is visible everywhere within a second.
    pub const TRUST: Duration = Duration::from_millis(900);
}

impl Default for Settings {
    /// 64 MiB, no prefix, a secret that is none and a seed that is not random: for one process.
    fn default() -> Self {
        Self {
            capacity: 64 << 20,
            trust: Some(Self::TRUST),
            prefix: String::new(),
            secret: [0; 32],
            seed: 0,
        }
    }
}

/// Without the secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, trust, prefix, secret: _, seed: _ } = self;
        let mut shown = f.debug_struct("Settings");
        shown.field("capacity", capacity).field("trust", trust).field("prefix", prefix);
        shown.finish_non_exhaustive()
    }
}
