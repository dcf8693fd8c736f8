//! What can go wrong with the ledger.

use super::Log;
use crate::db::DbError;
use crate::error::ApiError;

/// Why the ledger does not go on.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// What is stored contradicts the head that we signed. Nothing more is appended.
    #[error("the {} log does not agree with its signed head: {detail}", log.as_str())]
    Inconsistent {
        /// Which log.
        log: Log,
        /// In which way.
        detail: String,
    },
    /// Another key signed the head.
    #[error("the {} log was signed by a key that is neither RESEARCHFLOW_LEDGER_KEY's nor among RESEARCHFLOW_LEDGER_PREVIOUS_KEYS", .0.as_str())]
    UnknownKey(Log),
}

impl LedgerError {
    #[expect(clippy::needless_pass_by_value, reason = "so that it stands in `map_err` as it is")]
    pub(crate) fn inconsistent(log: Log, detail: impl ToString) -> Self {
        Self::Inconsistent { log, detail: detail.to_string() }
    }
}

impl From<diesel::result::Error> for LedgerError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Db(error) => error.into(),
            other => Self::internal(other),
        }
    }
}
