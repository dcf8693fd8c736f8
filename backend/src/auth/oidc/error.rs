//! What can go wrong between us and the provider.

use super::id_token::TokenFault;
use crate::error::{ApiError, Code};

/// The provider's part in a sign-in that fails.
#[derive(Debug, thiserror::Error)]
pub(super) enum OidcError {
    /// No whole answer came in time.
    #[error("the provider does not answer: {0}")]
    Unreachable(String),
    /// It answered what cannot be used.
    #[error("the provider's {what} cannot be used: {why}")]
    Unusable { what: &'static str, why: String },
    /// It does not take the authorization code, or not any more.
    #[error("the provider does not take the code")]
    CodeRefused,
    /// What it says of somebody cannot be believed.
    #[error("the ID token is refused: {0}")]
    Token(#[from] TokenFault),
}

impl OidcError {
    pub(super) fn unusable(what: &'static str, why: &(impl std::fmt::Display + ?Sized)) -> Self {
        Self::Unusable { what, why: why.to_string() }
    }
}

/// When to come again, in seconds, if the provider is away.
const RETRY_AFTER: u64 = 5;

impl From<OidcError> for ApiError {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Unreachable(_) | OidcError::Unusable { .. } => {
                let detail = "The provider that signs you in does not answer as it should.";
                Self::new(Code::Unavailable, detail).retry_after(RETRY_AFTER).because(error)
            }
            OidcError::CodeRefused => {
                let detail = "The provider does not know this sign-in any more. Begin again.";
                Self::new(Code::Unauthenticated, detail).because(error)
            }
            OidcError::Token(_) => {
                let detail = "What the provider says of you cannot be believed. Begin again.";
                Self::new(Code::Unauthenticated, detail).because(error)
            }
        }
    }
}
