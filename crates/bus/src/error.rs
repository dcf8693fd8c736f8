//! What can go wrong.

use crate::database::SourceError;
use crate::wire::Malformed;
use redis_link::Fault;

/// Why the feed did not do what it was asked. Not for clients.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Redis cannot be reached, is too slow, or refuses. The database's feed has the same entries.
    #[error(transparent)]
    Redis(Fault),
    /// Redis answered what no Redis answers.
    #[error("Redis holds something else where the feed should be")]
    Unexpected,
    /// The group is not there: it was never made, or Redis lost it. Make it, at the cursor's
    /// [next](crate::Cursor::next).
    #[error("the feed has no such group")]
    NoGroup,
    /// The feed does not hold everything from where it was to be read. The database's feed does.
    #[error("the feed begins, or has a hole, before entry {first}")]
    Gone {
        /// The first entry that is there.
        first: u64,
    },
    /// An entry cannot be read by this version.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The database failed.
    #[error("the database's feed cannot be read")]
    Source(#[source] SourceError),
    /// A document in the database is not what was stored there.
    #[error("the state of the feed's groups in the database cannot be read")]
    State(#[from] serde_json::Error),
    /// Others were faster, each time. Nothing has changed.
    #[error("too many consumers share the group")]
    Crowded,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Refused(error) if error.code() == Some("NOGROUP") => Self::NoGroup,
            _ => Self::Redis(fault),
        }
    }
}
