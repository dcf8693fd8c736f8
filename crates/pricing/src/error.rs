//! What can be wrong with a table or an amount.

/// Why a price table was refused. A refused table prices nothing: there is no
/// half-read state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Not JSON, or not of the table's shape.
    #[error("the price table cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Two providers carry the same id.
    #[error("provider `{0}` is listed twice")]
    DuplicateProvider(String),
    /// A provider falls back to one that is not in the table.
    #[error("provider `{provider}` falls back to `{fallback}`, which is not in the table")]
    UnknownFallback {
        /// The provider whose entry is wrong.
        provider: String,
        /// The id that nothing carries.
        fallback: String,
    },
    /// A model's periods are not in order of their first day, or only one but
    /// the first lacks it.
    #[error("the prices of `{provider}/{model}` are not in order of their dates")]
    PeriodOrder {
        /// The provider's id.
        provider: String,
        /// The model's id.
        model: String,
    },
    /// A price's context tiers do not rise.
    #[error("the context tiers of `{provider}/{model}` do not rise")]
    TierOrder {
        /// The provider's id.
        provider: String,
        /// The model's id.
        model: String,
    },
}

/// Why a text is not an amount in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsdError {
    /// Anything but digits, one point between digits and a leading minus sign.
    #[error("not a plain decimal number")]
    Malformed,
    /// Finer than a nano-dollar.
    #[error("more than nine decimals")]
    TooFine,
    /// Beyond ±9,223,372,036.854775807 dollars.
    #[error("the amount is too large")]
    TooLarge,
}
