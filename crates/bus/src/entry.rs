//! One entry of the feed.

use serde::{Deserialize, Serialize};

/// What is told of one invocation: what rollups need, and nothing that people wrote or models said.
///
/// The names in it (run, stage, agent, model, …) are chosen by callers. They are to be taken from the
/// cleaned record, or from rows that were derived from it; never from an event as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The record's index in the ledger, below 2⁵³: its place in the feed.
    pub index: u64,
    /// The project's id.
    pub project_id: String,
    /// The event's id in its project.
    pub event_id: String,
    /// When it happened: microseconds since the Unix epoch.
    pub occurred_at: i64,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// The run's stage.
    pub stage: Option<String>,
    /// What kind of call it was.
    pub operation: Option<String>,
    /// Who served the model.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The class of the model.
    pub tier: Option<String>,
    /// Who called.
    pub agent: Option<String>,
    /// The id of the API key that sent the event.
    pub key_id: Option<String>,
    /// `ok`, `error` or `blocked`.
    pub status: String,
    /// What kind of error it was.
    pub error_type: Option<String>,
    /// Microseconds.
    pub latency_us: Option<i64>,
    /// Tokens that the call itself read; the cached ones are among them.
    pub input_tokens: i64,
    /// Tokens that the call itself wrote; the reasoning is among them.
    pub output_tokens: i64,
    /// Tokens read from the provider's cache.
    pub cache_read_tokens: i64,
    /// Tokens written to the provider's cache.
    pub cache_write_tokens: i64,
    /// Tokens of reasoning.
    pub reasoning_tokens: i64,
    /// Billionths of a US dollar; `None` if it could not be priced, or is not the call's own.
    pub cost_nano_usd: Option<i64>,
    /// Whether it should have a cost and has none.
    pub unpriced: bool,
}
