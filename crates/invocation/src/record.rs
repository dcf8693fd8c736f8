//! The record: what is kept of an event, sealed in the ledger and read by everybody after.

use crate::canonical;
use crate::{
    Attributes, Content, ContentPolicy, Count, EventId, GovernanceMode, HashRef, HexId, Label,
    Millis, Status, Tag, Tier, Timestamp, Usage,
};
use pricing::Usd;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The way an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The JSON API.
    Rest,
    /// OTLP/HTTP.
    Otlp,
}

/// What the gate did to an event's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhiAction {
    /// Nothing was found.
    None,
    /// What was found is replaced by tags.
    Redacted,
    /// All text was dropped, since the project is strict.
    Dropped,
    /// A text could not be scanned and was dropped.
    FailedClosed,
}

/// What the scanner found in an event, and what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhiScan {
    /// What was done.
    pub action: PhiAction,
    /// How many findings of each class.
    pub classes: BTreeMap<String, u32>,
    /// Which scanner looked.
    pub detector_version: String,
}

impl PhiScan {
    pub(crate) fn new(counts: &phi::Counts, action: PhiAction) -> Self {
        let classes = counts.iter().map(|(class, n)| (class.as_str().to_owned(), n)).collect();
        Self { action, classes, detector_version: phi::DETECTOR_VERSION.to_owned() }
    }
}

/// Where a cost comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostSource {
    /// The event's sender told it.
    Reported,
    /// Computed from the price table.
    Table,
}

/// A cost's provenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedCost {
    /// Where it comes from.
    pub source: CostSource,
    /// The table's version, the row that priced it and the breakdown by token class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<pricing::Cost>,
}

/// What is kept of an event. Its text is clean. The fields stand in the order of their names, as
/// canonical JSON wants them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the published JSON Schema describes the fields that an event has too"
)]
pub struct Record {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Label>,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_sequence: Option<Count>,
    /// The project's policy when it came.
    pub content_policy: ContentPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Label>,
    /// How the cost came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<RecordedCost>,
    /// Null when the call could not be priced; never a guess.
    pub cost_usd: Option<Usd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<Label>,
    pub event_id: EventId,
    /// The project's mode when it came.
    pub governance_mode: GovernanceMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Content>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_hash: Option<HashRef>,
    /// The id of the API key that sent the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Label>,
    pub occurred_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Label>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Content>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_hash: Option<HashRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<HexId<8>>,
    /// What the scanner found.
    pub phi_scan: PhiScan,
    /// The project's id.
    pub project_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Label>,
    /// When the service took it in.
    pub recorded_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_model: Option<Label>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<Label>,
    pub schema_version: u32,
    /// The way it came.
    pub source: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<HexId<8>>,
    /// Whether it waited on a node's disk for the database, since it came while that was away. False
    /// is not written, so that records from before this could be told read the same.
    #[serde(default, skip_serializing_if = "is_false")]
    pub spooled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Label>,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_first_token_ms: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Label>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<HexId<16>>,
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ref: Option<Label>,
}

impl Record {
    /// The record's bytes as they are sealed: canonical JSON (RFC 8785).
    ///
    /// # Errors
    /// A number that JSON cannot hold, which no parsed event has.
    pub fn to_canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        canonical::to_vec(self)
    }

    /// Reads sealed bytes.
    ///
    /// # Errors
    /// The bytes are no record.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Whether tokens and cost are this call's own.
    pub fn is_model_call(&self) -> bool {
        is_model_call(self.operation.as_ref())
    }

    /// Whether it should have a cost and has none.
    pub fn is_unpriced(&self) -> bool {
        let named = self.model.is_some() || self.response_model.is_some();
        named && self.is_model_call() && self.cost_usd.is_none()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(told: &bool) -> bool {
    !told
}

/// Whether an operation calls a model itself. Agents, chains and tools hold other calls, and report
/// the sum of their children's tokens: counted with them, each token would count twice.
pub fn is_model_call(operation: Option<&Label>) -> bool {
    const HOLDERS: [&str; 12] = [
        "agent",
        "chain",
        "create_agent",
        "evaluator",
        "execute_tool",
        "guardrail",
        "invoke_agent",
        "invoke_workflow",
        "retrieval",
        "task",
        "tool",
        "workflow",
    ];
    operation.is_none_or(|operation| !HOLDERS.contains(&operation.as_str()))
}
