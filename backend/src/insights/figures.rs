//! What is added up.

use crate::invocations::Facts;

/// Sums over invocations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many invocations.
    pub invocations: i64,
    /// How many of them failed.
    pub errors: i64,
    /// Input tokens of model calls.
    pub input_tokens: i64,
    /// Output tokens of model calls.
    pub output_tokens: i64,
    /// Tokens that they read from a provider's cache.
    pub cache_read_tokens: i64,
    /// Tokens that they wrote to a provider's cache.
    pub cache_write_tokens: i64,
    /// Tokens of reasoning.
    pub reasoning_tokens: i64,
    /// Nano-dollars of priced calls.
    pub cost_nano_usd: i64,
    /// Model calls without a price.
    pub unpriced: i64,
}

impl Figures {
    /// Those of one invocation.
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            invocations: 1,
            errors: i64::from(facts.status == "error"),
            input_tokens: facts.input_tokens,
            output_tokens: facts.output_tokens,
            cache_read_tokens: facts.cache_read_tokens,
            cache_write_tokens: facts.cache_write_tokens,
            reasoning_tokens: facts.reasoning_tokens,
            cost_nano_usd: facts.cost_nano_usd.unwrap_or(0),
            unpriced: i64::from(facts.unpriced),
        }
    }

    /// Both together; the most that fits where a sum is more. Figures are never negative, so it does
    /// not matter in which order and through which sums they are added up.
    #[must_use]
    pub fn saturating_plus(&self, more: &Self) -> Self {
        let add = i64::saturating_add;
        Self {
            invocations: add(self.invocations, more.invocations),
            errors: add(self.errors, more.errors),
            input_tokens: add(self.input_tokens, more.input_tokens),
            output_tokens: add(self.output_tokens, more.output_tokens),
            cache_read_tokens: add(self.cache_read_tokens, more.cache_read_tokens),
            cache_write_tokens: add(self.cache_write_tokens, more.cache_write_tokens),
            reasoning_tokens: add(self.reasoning_tokens, more.reasoning_tokens),
            cost_nano_usd: add(self.cost_nano_usd, more.cost_nano_usd),
            unpriced: add(self.unpriced, more.unpriced),
        }
    }
}
