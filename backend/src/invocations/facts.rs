//! What queries need of a record, as database columns.

use crate::db::schema::{invocation_labels, invocations};
use diesel::prelude::*;
use invocation::{Label, Record, Tokens};

/// A row of `invocations`: derived from a record and its place in the ledger, and from nothing
/// else.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = invocations, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are the record's fields")]
pub struct Facts {
    pub ledger_index: i64,
    pub project_id: String,
    pub event_id: String,
    pub occurred_at: i64,
    pub run_id: Option<String>,
    pub stage: Option<String>,
    pub span_id: Option<String>,
    pub parent_span_id: Option<String>,
    pub operation: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub tier: Option<String>,
    pub agent: Option<String>,
    pub key_id: Option<String>,
    pub status: String,
    pub error_type: Option<String>,
    pub latency_us: Option<i64>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    pub reasoning_tokens: i64,
    pub cost_nano_usd: Option<i64>,
    pub unpriced: bool,
}

/// A row of `invocation_labels`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Insertable, Queryable)]
#[diesel(table_name = invocation_labels, treat_none_as_default_value = false)]
pub(super) struct LabelRow {
    pub(super) project_id: String,
    pub(super) label: String,
    pub(super) occurred_at: i64,
    pub(super) ledger_index: i64,
}

impl Facts {
    /// The facts of a record at `ledger_index`. Tokens count only where the call itself used them.
    pub fn of(record: &Record, ledger_index: u64) -> Self {
        let text = |label: &Option<Label>| label.as_ref().map(|label| label.as_str().to_owned());
        let own = record.is_model_call();
        let count = |tokens: Option<Tokens>| match tokens {
            Some(tokens) if own => tokens.get() as i64,
            _ => 0,
        };
        let usage = &record.usage;
        Self {
            ledger_index: ledger_index as i64,
            project_id: record.project_id.clone(),
            event_id: record.event_id.as_str().to_owned(),
            occurred_at: record.occurred_at.micros(),
            run_id: text(&record.run_id),
            stage: text(&record.stage),
            span_id: record.span_id.as_ref().map(|id| id.as_str().to_owned()),
            parent_span_id: record.parent_span_id.as_ref().map(|id| id.as_str().to_owned()),
            operation: text(&record.operation),
            provider: text(&record.provider),
            model: text(&record.model).or_else(|| text(&record.response_model)),
            tier: record.tier.map(|tier| tier.as_str().to_owned()),
            agent: text(&record.agent),
            key_id: record.key_id.clone(),
            status: record.status.as_str().to_owned(),
            error_type: text(&record.error_type),
            latency_us: record.latency_ms.map(|latency| latency.micros() as i64),
            input_tokens: count(usage.input_tokens),
            output_tokens: count(usage.output_tokens),
            cache_read_tokens: count(usage.cache_read_tokens),
            cache_write_tokens: count(usage.cache_write_tokens),
            reasoning_tokens: count(usage.reasoning_tokens),
            cost_nano_usd: record.cost_usd.filter(|_| own).map(pricing::Usd::nano),
            unpriced: record.is_unpriced(),
        }
    }
}

/// The labels of a record: each tag and each PHI class, once.
pub(super) fn labels(record: &Record, ledger_index: u64) -> Vec<LabelRow> {
    let tags = record.tags.iter().map(|tag| format!("tag:{tag}"));
    let classes = record.phi_scan.classes.keys().map(|class| format!("phi:{class}"));
    let mut rows: Vec<LabelRow> = tags
        .chain(classes)
        .map(|label| LabelRow {
            project_id: record.project_id.clone(),
            label,
            occurred_at: record.occurred_at.micros(),
            ledger_index: ledger_index as i64,
        })
        .collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}
