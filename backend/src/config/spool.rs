//! What is kept on disk while the database is away.

use super::Server;
use std::path::PathBuf;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct SpoolArgs {
    /// The most bytes of events that are kept in the data directory while the database is away; 0
    /// keeps none, and they are refused then.
    #[arg(long, env = "RESEARCHFLOW_SPOOL_MAX_BYTES", default_value_t = 1 << 30)]
    spool_max_bytes: u64,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Spool {
    /// Its folder, which is this process's alone.
    pub folder: PathBuf,
    /// The most bytes in it; 0: nothing goes in.
    pub max_bytes: u64,
}

impl SpoolArgs {
    pub(super) fn validate(self, server: &Server) -> Spool {
        Spool { folder: server.data_dir.join("spool"), max_bytes: self.spool_max_bytes }
    }
}
