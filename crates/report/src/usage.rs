//! What ran, and how much of it.

use crate::breakdown::{Breakdown, Named, Weight};
use crate::numbers::Total;
use invocation::{Label, Record, Status, Tier};
use pricing::Usd;
use serde::{Deserialize, Serialize};

/// Usage in total and by what the records state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// All records.
    pub total: Figures,
    /// By the model asked for, else the model that answered.
    pub by_model: Breakdown<Figures>,
    /// By provider.
    pub by_provider: Breakdown<Figures>,
    /// By class of model.
    pub by_tier: Breakdown<Figures>,
    /// By agent.
    pub by_agent: Breakdown<Figures>,
    /// By stage of the run.
    pub by_stage: Breakdown<Figures>,
    /// By operation.
    pub by_operation: Breakdown<Figures>,
    /// By the id of the API key that sent the record.
    pub by_key: Breakdown<Figures>,
}

/// What a set of records adds up to. Tokens, cost and `unpriced` are those of model calls alone:
/// agents, chains and tools repeat their children's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Records of any kind.
    pub invocations: u64,
    /// Records that are a call of a model itself.
    pub model_calls: u64,
    /// Records that ended in an error.
    pub errors: u64,
    /// Records of what a rule refused.
    pub blocked: u64,
    /// All tokens in, cached ones included.
    pub input_tokens: Total,
    /// All tokens out, reasoning included.
    pub output_tokens: Total,
    /// Tokens read from a provider's prompt cache.
    pub cache_read_tokens: Total,
    /// Tokens written to a provider's prompt cache.
    pub cache_write_tokens: Total,
    /// Tokens spent on reasoning.
    pub reasoning_tokens: Total,
    /// The cost of the priced calls.
    pub cost_usd: Usd,
    /// Calls of a named model that have no cost.
    pub unpriced: u64,
}

impl Figures {
    /// What one record adds.
    pub(crate) fn of(record: &Record) -> Self {
        let mut figures = Self {
            invocations: 1,
            errors: u64::from(record.status == Status::Error),
            blocked: u64::from(record.status == Status::Blocked),
            ..Self::default()
        };
        if record.is_model_call() {
            let tokens = record.usage.tokens();
            figures.model_calls = 1;
            figures.input_tokens += tokens.input;
            figures.output_tokens += tokens.output;
            figures.cache_read_tokens += tokens.cache_read;
            figures.cache_write_tokens += tokens.cache_write;
            figures.reasoning_tokens += tokens.reasoning;
            figures.cost_usd = record.cost_usd.unwrap_or_default();
            figures.unpriced = u64::from(record.is_unpriced());
        }
        figures
    }

    pub(crate) fn add(&mut self, more: &Self) {
        self.invocations += more.invocations;
        self.model_calls += more.model_calls;
        self.errors += more.errors;
        self.blocked += more.blocked;
        self.input_tokens += more.input_tokens.get();
        self.output_tokens += more.output_tokens.get();
        self.cache_read_tokens += more.cache_read_tokens.get();
        self.cache_write_tokens += more.cache_write_tokens.get();
        self.reasoning_tokens += more.reasoning_tokens.get();
        self.cost_usd = sum(self.cost_usd, more.cost_usd);
        self.unpriced += more.unpriced;
    }
}

impl Weight for Figures {
    fn weight(&self) -> u64 {
        self.invocations
    }
}

/// A sum of money, which stops at the largest amount that 64 bits of nano-dollars hold (9.2 billion
/// dollars). Costs are not negative, so the order of additions does not matter.
pub(crate) fn sum(a: Usd, b: Usd) -> Usd {
    Usd::from_nano(a.nano().saturating_add(b.nano()))
}

/// The model asked for, else the one that answered.
pub(crate) fn model(record: &Record) -> Option<&str> {
    text(&record.model).or_else(|| text(&record.response_model))
}

fn text(label: &Option<Label>) -> Option<&str> {
    label.as_ref().map(Label::as_str)
}

/// The section while it is counted.
#[derive(Default)]
pub(crate) struct UsageCounter {
    total: Figures,
    by_model: Named<Figures>,
    by_provider: Named<Figures>,
    by_tier: Named<Figures>,
    by_agent: Named<Figures>,
    by_stage: Named<Figures>,
    by_operation: Named<Figures>,
    by_key: Named<Figures>,
}

impl UsageCounter {
    pub(crate) fn add(&mut self, record: &Record, figures: &Figures) {
        self.total.add(figures);
        self.by_model.entry(model(record)).add(figures);
        self.by_provider.entry(text(&record.provider)).add(figures);
        self.by_tier.entry(record.tier.map(Tier::as_str)).add(figures);
        self.by_agent.entry(text(&record.agent)).add(figures);
        self.by_stage.entry(text(&record.stage)).add(figures);
        self.by_operation.entry(text(&record.operation)).add(figures);
        self.by_key.entry(record.key_id.as_deref()).add(figures);
    }

    pub(crate) fn finish(self) -> Usage {
        Usage {
            total: self.total,
            by_model: self.by_model.finish(Some),
            by_provider: self.by_provider.finish(Some),
            by_tier: self.by_tier.finish(Some),
            by_agent: self.by_agent.finish(Some),
            by_stage: self.by_stage.finish(Some),
            by_operation: self.by_operation.finish(Some),
            by_key: self.by_key.finish(Some),
        }
    }
}
