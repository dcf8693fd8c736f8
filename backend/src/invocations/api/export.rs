//! `GET …/invocations/export`: everything that a filter meets, streamed, oldest first.

use super::query::{Format, ListQuery, PhiClass};
use crate::auth::Action;
use crate::edge::{Query, download, ndjson, no_page};
use crate::error::ApiError;
use crate::invocations::store;
use crate::ledger::{Log, raw_records};
use crate::projects::Access;
use crate::state::AppState;
use actix_web::{HttpResponse, web};
use invocation::Record;
use serde_json::value::RawValue;

/// Export invocations as NDJSON (the records as they are sealed) or CSV.
#[utoipa::path(get, path = "/api/v1/projects/{project}/invocations/export", tag = "invocations",
    params(("project" = String, Path, description = "Id or slug"),
        ("format" = Option<String>, Query, pattern = "^(ndjson|csv)$", description = "ndjson (the default) or csv"),
        ("run" = Option<String>, Query, description = "Of this run"),
        ("stage" = Option<String>, Query, description = "Of this stage"),
        ("from" = Option<String>, Query, format = DateTime, description = "At this time or later"),
        ("to" = Option<String>, Query, format = DateTime, description = "Before this time"),
        ("model" = Option<String>, Query, description = "By this model"),
        ("provider" = Option<String>, Query, description = "By this provider"),
        ("tier" = Option<String>, Query, pattern = "^(nano|mini|frontier)$", description = "nano, mini or frontier"),
        ("status" = Option<String>, Query, pattern = "^(ok|error|blocked)$", description = "ok, error or blocked"),
        ("agent" = Option<String>, Query, description = "By this agent"),
        ("tag" = Option<String>, Query, description = "With this tag"),
        ("phi" = Option<PhiClass>, Query, description = "With findings of this PHI class")),
    responses((status = 200, description = "The export", content(
        (String = "application/x-ndjson"), (String = "text/csv")))))]
pub(super) async fn export(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::ExportEvents).await?;
    let query = query.into_inner();
    no_page(query.limit, query.cursor.as_ref())?;
    let format = query.format.unwrap_or(Format::Ndjson);
    let filter = query.filter()?;
    let id = project.id.clone();
    let indexes =
        state.db.read(move |conn| store::scan(conn, &id, &filter).map_err(ApiError::from)).await?;
    access.exports(Some(&project.id), format!("{} invocations", indexes.len())).await?;
    let (kind, name) = match format {
        Format::Ndjson => ("application/x-ndjson", "invocations.ndjson"),
        Format::Csv => ("text/csv; charset=utf-8", "invocations.csv"),
    };
    let head = match format {
        Format::Ndjson => Vec::new(),
        Format::Csv => csv_rows([COLUMNS.map(str::to_owned)])?,
    };
    let state = AppState::clone(&state);
    Ok(download(kind, name, head, &indexes, move |indexes| {
        let state = state.clone();
        async move {
            let read = move |conn: &mut _| raw_records(conn, Log::Invocations, &indexes);
            write(&state.db.read(read).await?, format)
        }
    }))
}

fn write(records: &[Box<RawValue>], format: Format) -> Result<Vec<u8>, ApiError> {
    match format {
        Format::Ndjson => Ok(ndjson(records)),
        Format::Csv => {
            let rows =
                records.iter().map(|raw| Record::from_canonical(raw.get().as_bytes()).map(row));
            csv_rows(rows.collect::<Result<Vec<_>, _>>().map_err(ApiError::internal)?)
        }
    }
}

const COLUMNS: [&str; 23] = [
    "event_id",
    "occurred_at",
    "recorded_at",
    "run_id",
    "stage",
    "operation",
    "provider",
    "model",
    "response_model",
    "tier",
    "agent",
    "tool",
    "status",
    "error_type",
    "latency_ms",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "phi_classes",
    "tags",
];

fn row(record: Record) -> [String; 23] {
    let text = |label: Option<invocation::Label>| label.map_or(String::new(), String::from);
    let count =
        |tokens: Option<invocation::Tokens>| tokens.map_or(String::new(), |n| n.get().to_string());
    let usage = record.usage;
    [
        record.event_id.to_string(),
        record.occurred_at.to_string(),
        record.recorded_at.to_string(),
        text(record.run_id),
        text(record.stage),
        text(record.operation),
        text(record.provider),
        text(record.model),
        text(record.response_model),
        record.tier.map_or("", |tier| tier.as_str()).to_owned(),
        text(record.agent),
        text(record.tool),
        record.status.as_str().to_owned(),
        text(record.error_type),
        record
            .latency_ms
            .map_or(String::new(), |latency| (latency.micros() as f64 / 1000.0).to_string()),
        count(usage.input_tokens),
        count(usage.output_tokens),
        count(usage.cache_read_tokens),
        count(usage.cache_write_tokens),
        count(usage.reasoning_tokens),
        record.cost_usd.map_or(String::new(), |cost| cost.to_string()),
        record.phi_scan.classes.into_keys().collect::<Vec<_>>().join(" "),
        record.tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    ]
}

fn csv_rows(rows: impl IntoIterator<Item = [String; 23]>) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.map(guarded)).map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(ApiError::internal)
}

/// A cell that a spreadsheet would run as a formula gets a quote before it (OWASP, CSV injection).
fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}
