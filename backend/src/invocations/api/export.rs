//! `GET …/invocations/export`: everything that a filter meets, streamed, oldest first.

use super::list::raw_records;
use super::query::{Format, ListQuery};
use crate::audit::{self, Act};
use crate::auth::Action;
use crate::edge::Query;
use crate::error::ApiError;
use crate::invocations::store;
use crate::projects::Access;
use crate::state::AppState;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use invocation::Record;
use serde_json::value::RawValue;

/// Records fetched at a time.
const CHUNK: usize = 500;

/// Export invocations as NDJSON (the records as they are sealed) or CSV.
#[utoipa::path(get, path = "/api/v1/projects/{project}/invocations/export", tag = "invocations",
    params(("project" = String, Path, description = "Id or slug"),
        ("format" = Option<String>, Query, description = "ndjson (the default) or csv"),
        ("run" = Option<String>, Query, description = "And all other filters of the list")),
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
    query.page()?;
    let format = query.format.unwrap_or(Format::Ndjson);
    let filter = query.filter()?;
    let id = project.id.clone();
    let indexes =
        state.db.read(move |conn| store::scan(conn, &id, &filter).map_err(ApiError::from)).await?;
    let act = Act::Exported { what: format!("{} invocations", indexes.len()) };
    let (inner, actor) = (state.clone(), access.principal.actor());
    state.db.write(move |conn| audit::append(conn, &inner, actor, Some(&project.id), act)).await?;
    let (kind, name) = match format {
        Format::Ndjson => ("application/x-ndjson", "invocations.ndjson"),
        Format::Csv => ("text/csv; charset=utf-8", "invocations.csv"),
    };
    let chunks: Vec<Vec<i64>> = indexes.chunks(CHUNK).map(<[i64]>::to_vec).collect();
    let head = match format {
        Format::Ndjson => Vec::new(),
        Format::Csv => csv_rows([COLUMNS.map(str::to_owned)])?,
    };
    let state = AppState::clone(&state);
    let body = stream::unfold((chunks.into_iter(), Some(head)), move |(mut chunks, head)| {
        let state = state.clone();
        async move {
            if let Some(head) = head {
                return Some((Ok(web::Bytes::from(head)), (chunks, None)));
            }
            let indexes = chunks.next()?;
            let records = state.db.read(move |conn| raw_records(conn, &indexes)).await;
            let text = records.map_err(ApiError::from).and_then(|records| write(&records, format));
            Some((text.map(web::Bytes::from).map_err(actix_web::Error::from), (chunks, None)))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(body))
}

fn write(records: &[Box<RawValue>], format: Format) -> Result<Vec<u8>, ApiError> {
    match format {
        Format::Ndjson => {
            Ok(records.iter().flat_map(|r| [r.get().as_bytes(), b"\n"].concat()).collect())
        }
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
