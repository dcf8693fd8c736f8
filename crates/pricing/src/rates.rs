//! The prices of one model, over time and context length.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::{Class, Line, Tokens};

/// Nano-dollars per million, flat or by context tier.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Price {
    /// One price at any length.
    Flat(u64),
    /// `base`, and for each `(threshold, price)` in rising order that price if
    /// the call has *more* input tokens than the threshold.
    Tiered {
        /// Up to and including the first threshold.
        base: u64,
        /// The tiers.
        above: Vec<(u64, u64)>,
    },
}

impl Price {
    /// The price of every token in a call with `context` input tokens, cached
    /// ones included: past a threshold the whole call costs the tier's price,
    /// not only the tokens beyond. That is how the providers bill.
    fn at(&self, context: u64) -> u64 {
        match self {
            Self::Flat(price) => *price,
            Self::Tiered { base, above } => above
                .iter()
                .rev()
                .find(|(threshold, _)| context > *threshold)
                .map_or(*base, |(_, price)| *price),
        }
    }

    fn tiers_rise(&self) -> bool {
        match self {
            Self::Flat(_) => true,
            Self::Tiered { above, .. } => above.is_sorted_by(|(a, _), (b, _)| a < b),
        }
    }
}

/// The prices that hold from a day on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rates {
    /// The first day (UTC); none for prices that held before any known change.
    pub(crate) from: Option<NaiveDate>,
    input: Option<Price>,
    output: Option<Price>,
    cache_read: Option<Price>,
    cache_write: Option<Price>,
    reasoning: Option<Price>,
    /// Per million requests.
    request: Option<Price>,
}

impl Rates {
    /// The breakdown for a call, or `None` if a class with tokens has no price
    /// or an amount is beyond `i64`. Cache and reasoning tokens without a price
    /// of their own cost what plain input and output do.
    pub(crate) fn lines(&self, tokens: Tokens) -> Option<Vec<Line>> {
        let (input, output) = (self.input.as_ref(), self.output.as_ref());
        let uncached =
            tokens.input.saturating_sub(tokens.cache_read).saturating_sub(tokens.cache_write);
        let spoken = tokens.output.saturating_sub(tokens.reasoning);
        [
            (Class::Input, uncached, input),
            (Class::CacheRead, tokens.cache_read, self.cache_read.as_ref().or(input)),
            (Class::CacheWrite, tokens.cache_write, self.cache_write.as_ref().or(input)),
            (Class::Output, spoken, output),
            (Class::Reasoning, tokens.reasoning, self.reasoning.as_ref().or(output)),
            (Class::Request, u64::from(self.request.is_some()), self.request.as_ref()),
        ]
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(class, count, price)| Line::new(class, count, price?.at(tokens.input)))
        .collect()
    }

    /// Whether every tiered price has rising thresholds.
    pub(crate) fn tiers_rise(&self) -> bool {
        [
            &self.input,
            &self.output,
            &self.cache_read,
            &self.cache_write,
            &self.reasoning,
            &self.request,
        ]
        .into_iter()
        .flatten()
        .all(Price::tiers_rise)
    }
}

/// The period in force on a day: the last that began by then. `None` on a day
/// before the first, unless that one has no beginning.
pub(crate) fn in_force(periods: &[Rates], day: NaiveDate) -> Option<&Rates> {
    periods.iter().rev().find(|rates| rates.from.is_none_or(|from| from <= day))
}
