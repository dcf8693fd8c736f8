//! Why a read has no answer.

use std::error::Error;
use std::sync::Arc;

/// Why a read has no answer. It is never Redis's fault.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The load failed. All who waited for it get the same error.
    #[error("loading failed: {0}")]
    Load(#[source] Arc<dyn Error + Send + Sync>),
    /// The load panicked, or its runtime shut down.
    #[error("loading was interrupted")]
    Interrupted,
    /// Two kinds have this name and version, and values of different types.
    #[error("two kinds are called {0}")]
    SameName(&'static str),
}

impl Failure {
    /// The error that the load ended with, if it is of this type.
    #[must_use]
    pub fn load_error<E: Error + 'static>(&self) -> Option<&E> {
        match self {
            Self::Load(error) => error.downcast_ref(),
            Self::Interrupted | Self::SameName(_) => None,
        }
    }
}
