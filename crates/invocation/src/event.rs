//! The event as a client sends it.

use crate::{
    Attributes, Content, Count, EventId, FieldProblem, HashRef, HexId, Label, Millis, Tag,
    Timestamp, Tokens, Version,
};
use pricing::Usd;
use serde::{Deserialize, Serialize};

/// How a call ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It answered.
    #[default]
    Ok,
    /// It failed.
    Error,
    /// A rule refused it.
    Blocked,
}

impl Status {
    /// As it stands in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Blocked => "blocked",
        }
    }
}

/// The class of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The smallest.
    Nano,
    /// Small.
    Mini,
    /// The most able.
    Frontier,
}

impl Tier {
    /// As it stands in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nano => "nano",
            Self::Mini => "mini",
            Self::Frontier => "frontier",
        }
    }
}

/// Tokens by class. As in OpenTelemetry's GenAI conventions `input_tokens` includes the cached
/// ones, and `output_tokens` the reasoning. A class that the client did not tell is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Read from the provider's prompt cache; part of `input_tokens`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read_tokens: Option<Tokens>,
    /// Written to the provider's prompt cache; part of `input_tokens`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<Tokens>,
    /// All that went in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<Tokens>,
    /// All that came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<Tokens>,
    /// Spent on thinking; part of `output_tokens`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<Tokens>,
}

impl Usage {
    /// Whether no class was told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As the price table wants it; what was not told counts as none.
    pub fn tokens(&self) -> pricing::Tokens {
        let count = |tokens: Option<Tokens>| tokens.map_or(0, Tokens::get);
        pricing::Tokens {
            input: count(self.input_tokens),
            output: count(self.output_tokens),
            cache_read: count(self.cache_read_tokens),
            cache_write: count(self.cache_write_tokens),
            reasoning: count(self.reasoning_tokens),
        }
    }

    fn fault(&self) -> Option<FieldProblem> {
        let count = |tokens: Option<Tokens>| tokens.map_or(0, Tokens::get);
        let cached = count(self.cache_read_tokens) + count(self.cache_write_tokens);
        if self.input_tokens.is_some_and(|input| cached > input.get()) {
            let detail = "must include the cached tokens, and has fewer";
            return Some(FieldProblem::new("/usage/input_tokens", detail));
        }
        if self.output_tokens.is_some_and(|output| count(self.reasoning_tokens) > output.get()) {
            let detail = "must include the reasoning tokens, and has fewer";
            return Some(FieldProblem::new("/usage/output_tokens", detail));
        }
        None
    }
}

/// One AI call, tool call, retrieval or agent step, as its client tells it. Its text is raw: it may
/// hold patient data, so it neither prints nor serialises; [`crate::Gate::admit`] is the way on.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    missing_docs,
    reason = "the published JSON Schema describes each field; a test holds them together"
)]
pub struct Event {
    pub schema_version: Option<Version>,
    pub event_id: Option<EventId>,
    pub occurred_at: Option<Timestamp>,
    pub run_id: Option<Label>,
    pub stage: Option<Label>,
    pub client_sequence: Option<Count>,
    pub trace_id: Option<HexId<16>>,
    pub span_id: Option<HexId<8>>,
    pub parent_span_id: Option<HexId<8>>,
    pub operation: Option<Label>,
    pub provider: Option<Label>,
    pub model: Option<Label>,
    pub response_model: Option<Label>,
    pub tier: Option<Tier>,
    pub agent: Option<Label>,
    pub tool: Option<Label>,
    pub conversation_id: Option<Label>,
    pub user_ref: Option<Label>,
    pub status: Status,
    pub error_type: Option<Label>,
    pub latency_ms: Option<Millis>,
    pub time_to_first_token_ms: Option<Millis>,
    #[serde(deserialize_with = "crate::object")]
    pub usage: Usage,
    #[serde(deserialize_with = "crate::fields::cost")]
    pub cost_usd: Option<Usd>,
    pub input: Option<Content>,
    pub output: Option<Content>,
    pub input_hash: Option<HashRef>,
    pub output_hash: Option<HashRef>,
    pub tags: Vec<Tag>,
    pub attributes: Attributes,
}

impl Event {
    /// At most this many tags.
    pub const MAX_TAGS: usize = 64;
    const MAX_AHEAD_MICROS: i64 = 10 * 60 * 1_000_000;
    const MAX_AGE_MICROS: i64 = 10 * 366 * 24 * 3_600 * 1_000_000;

    /// The rules that no field alone can hold: the time lies between ten years ago and ten minutes
    /// ahead of `now` (clocks differ), parts are no larger than their wholes.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self, now: Timestamp) -> Result<(), FieldProblem> {
        let fault = |pointer, detail| Err(FieldProblem::new(pointer, detail));
        if let Some(time) = self.occurred_at {
            if time > now.plus_micros(Self::MAX_AHEAD_MICROS) {
                return fault("/occurred_at", "lies in the future");
            }
            if time < now.plus_micros(-Self::MAX_AGE_MICROS) {
                return fault("/occurred_at", "lies more than ten years back");
            }
        }
        if self.event_id.as_ref().is_some_and(|id| id.as_str() == "export") {
            return fault("/event_id", "must not be `export`, which has a meaning in paths");
        }
        if self.tags.len() > Self::MAX_TAGS {
            return fault("/tags", "must have at most 64 entries");
        }
        self.usage.fault().map_or(Ok(()), Err)
    }
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event").finish_non_exhaustive()
    }
}
