//! What can go wrong here.

use crate::db::DbError;
use crate::error::{ApiError, Code};
use crate::ledger::LedgerError;

/// Why the feed or its sums did not do what they were asked.
#[derive(Debug, thiserror::Error)]
pub enum InsightsError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The ledger's head.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The list of what was added up is not what was stored.
    #[error("the feed's cursor in the database cannot be read: {0}")]
    Cursor(#[from] bus::BadCursor),
    /// The feed.
    #[error(transparent)]
    Feed(#[from] bus::Error),
}

impl From<diesel::result::Error> for InsightsError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl InsightsError {
    /// Whether the same may succeed a little later.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Db(DbError::Unavailable(_))
                | Self::Ledger(LedgerError::Db(DbError::Unavailable(_)))
                | Self::Feed(bus::Error::Source(_) | bus::Error::Redis(_) | bus::Error::Crowded)
        )
    }
}

impl From<InsightsError> for ApiError {
    fn from(error: InsightsError) -> Self {
        match error {
            InsightsError::Db(error) => error.into(),
            InsightsError::Ledger(error) => error.into(),
            error if error.is_passing() => {
                Self::new(Code::Unavailable, "The insights feed does not answer now.")
                    .because(error)
            }
            error => Self::internal(error),
        }
    }
}
