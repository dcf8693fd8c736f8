//! What is counted, and what it came to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Token counts of one call, as OpenTelemetry's GenAI conventions have them:
/// `input` includes both cache counts, `output` includes `reasoning`.
///
/// Counts that contradict this (more cached than input) are priced as they
/// stand: the part left over for the plain class is then zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All input tokens, cached ones included.
    pub input: u64,
    /// All output tokens, reasoning included.
    pub output: u64,
    /// Input tokens read from the provider's prompt cache.
    pub cache_read: u64,
    /// Input tokens written to the provider's prompt cache.
    pub cache_write: u64,
    /// Output tokens spent on reasoning.
    pub reasoning: u64,
}

/// What a line of a [`Cost`] charges for. The classes are disjoint: each token
/// is in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// Input tokens that no cache was involved in.
    Input,
    /// Input tokens read from the cache.
    CacheRead,
    /// Input tokens written to the cache.
    CacheWrite,
    /// Output tokens other than reasoning.
    Output,
    /// Reasoning tokens.
    Reasoning,
    /// The fee for the request itself; its count is 1.
    Request,
}

/// One line of the breakdown: `nano_usd = tokens × nano_usd_per_mtok / 10⁶`,
/// rounded half to even.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What is charged for.
    pub class: Class,
    /// The amount, in nano-dollars.
    pub nano_usd: i64,
    /// The price, in nano-dollars per million.
    pub nano_usd_per_mtok: u64,
    /// How many (tokens, or 1 for a request).
    pub tokens: u64,
}

impl Line {
    /// `None` if the amount is beyond `i64`.
    pub(crate) fn new(class: Class, tokens: u64, nano_usd_per_mtok: u64) -> Option<Self> {
        let exact = u128::from(tokens) * u128::from(nano_usd_per_mtok);
        let nano_usd = i64::try_from(millionth_half_even(exact)).ok()?;
        Some(Self { class, tokens, nano_usd_per_mtok, nano_usd })
    }
}

/// A cost with what is needed to reproduce it: which row of which table, and
/// the arithmetic. Fields stand in the order of their
/// names, as canonical JSON (RFC 8785) wants them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The breakdown: classes with something to count, in the order of [`Class`].
    pub lines: Vec<Line>,
    /// The row's model, which many model strings may lead to.
    pub model: Arc<str>,
    /// The sum of the lines, in nano-dollars; never negative.
    pub nano_usd: i64,
    /// Whose row of the table priced it. Not always who served the call: Azure
    /// sells OpenAI's models at OpenAI's row.
    pub provider: Arc<str>,
    /// [`PriceTable::version`](crate::PriceTable::version) of the table.
    pub table_version: Arc<str>,
}

/// `exact / 10⁶`, ties to the even neighbour. Each line is rounded once and the
/// total is a sum of whole numbers, so a bill is off by at most half a
/// nano-dollar a line, without drift to either side.
fn millionth_half_even(exact: u128) -> u128 {
    const MILLION: u128 = 1_000_000;
    let (whole, rest) = (exact / MILLION, exact % MILLION);
    let up = match rest.cmp(&(MILLION / 2)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => whole % 2 == 1,
        std::cmp::Ordering::Greater => true,
    };
    whole + u128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_even_neighbour() {
        for (exact, rounded) in
            [(499_999, 0), (500_000, 0), (500_001, 1), (1_500_000, 2), (2_500_000, 2), (0, 0)]
        {
            assert_eq!(millionth_half_even(exact), rounded, "{exact}");
        }
    }

    #[test]
    fn the_largest_counts_are_refused_rather_than_cut() {
        assert_eq!(Line::new(Class::Input, u64::MAX, u64::MAX), None);
        assert_eq!(
            Line::new(Class::Input, i64::MAX as u64, 1_000_000).map(|l| l.nano_usd),
            Some(i64::MAX)
        );
        assert_eq!(Line::new(Class::Input, i64::MAX as u64 + 1, 1_000_000), None);
    }
}
