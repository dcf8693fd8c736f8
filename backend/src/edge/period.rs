//! Periods in queries: `from` and `to`.

use crate::error::ApiError;
use invocation::Timestamp;

/// Refuses a period that ends before or as it begins; one without a beginning or an end is in order.
///
/// # Errors
/// 422, which names `to`.
pub fn in_order(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), ApiError> {
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(ApiError::field("/to", "must be later than from"));
    }
    Ok(())
}
