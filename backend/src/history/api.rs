//! The history over HTTP, for administrators.

use super::store::{self, SampleRow};
use crate::alerts;
use crate::edge::{Query, download, in_order, resource};
use crate::error::ApiError;
use crate::projects::Access;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use invocation::Timestamp;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

/// The routes below `/api/v1`.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(resource("/telemetry/export", [(Method::GET, web::to(export))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(export))]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ExportQuery {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl ExportQuery {
    /// Microseconds, the second exclusive.
    fn period(&self) -> Result<(i64, i64), ApiError> {
        let from = self.from.unwrap_or(Timestamp::from_micros(0));
        in_order(Some(from), self.to)?;
        Ok((from.micros(), self.to.map_or(i64::MAX, Timestamp::micros)))
    }
}

/// Export alerts and metrics as JSON Lines: first the alerts that were raised in the period, then the
/// figures of each process and minute.
#[utoipa::path(get, path = "/api/v1/telemetry/export", tag = "alerts",
    params(("from" = Option<String>, Query, format = DateTime, description = "At this time or later"),
        ("to" = Option<String>, Query, format = DateTime, description = "Before this time")),
    responses((status = 200, description = "The export", content((String = "application/x-ndjson")))))]
async fn export(
    state: web::Data<AppState>,
    access: Access,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, ApiError> {
    access.administrator()?;
    let (from, to) = query.into_inner().period()?;
    let read = move |conn: &mut _| {
        Ok::<_, ApiError>((alerts::lines(conn, from, to, None)?, store::times(conn, from, to)?))
    };
    let (alerts, times) = state.db.read(read).await?;
    access.exports(None, format!("{} minutes of telemetry", times.len())).await?;
    let state = AppState::clone(&state);
    Ok(download("application/x-ndjson", "telemetry.ndjson", alerts, &times, move |times| {
        let state = state.clone();
        async move {
            let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else {
                return Ok(Vec::new());
            };
            let rows = state
                .db
                .read(move |conn| store::between(conn, first, last).map_err(ApiError::from));
            Ok(lines(&rows.await?))
        }
    }))
}

/// Rows as lines of JSON.
pub(super) fn lines(rows: &[SampleRow]) -> Vec<u8> {
    rows.iter().flat_map(|row| line(row).into_bytes()).collect()
}

fn line(row: &SampleRow) -> String {
    // What is stored is JSON; whoever altered it finds null.
    let figures: Option<&RawValue> = serde_json::from_str(&row.figures).ok();
    let at = Timestamp::from_micros(row.at);
    format!("{}\n", json!({"kind": "metrics", "at": at, "node": row.node, "figures": figures}))
}
