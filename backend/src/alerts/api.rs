//! Alerts over HTTP, for administrators.

use super::store::{self, AlertRow};
use crate::db::Conn;
use crate::edge::{Cursor, Limit, ListPage, Query, resource};
use crate::error::ApiError;
use crate::projects::Access;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::web;
use diesel::QueryResult;
use invocation::Timestamp;
use serde::{Deserialize, Serialize};

/// The routes below `/api/v1`.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(resource("/alerts", [(Method::GET, web::to(list))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(list), components(schemas(AlertState)))]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

/// Whether an alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum AlertState {
    /// It does.
    Firing,
    /// It did.
    Resolved,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AlertsQuery {
    state: Option<AlertState>,
    limit: Limit,
    cursor: Option<Cursor>,
}

/// Something that is wrong with the service, or was.
#[derive(Serialize, utoipa::ToSchema)]
struct AlertEntry {
    /// Its id.
    id: String,
    /// Its name: `slow-requests`, `server-errors`, `overload`, `redis-away`, `disk-full`,
    /// `feed-lag` or `dead-letters`.
    alert: String,
    /// `critical` or `warning`.
    severity: String,
    /// What is wrong, in a sentence.
    summary: String,
    /// By how much, when it was raised; the summary says of what.
    value: f64,
    /// The class of routes that it is about, if it is about one.
    class: Option<String>,
    /// The process that it is about, if it is about one.
    node: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    raised_at: Timestamp,
    /// Until when; null while it fires.
    #[schema(value_type = Option<String>, format = DateTime)]
    resolved_at: Option<Timestamp>,
}

impl From<AlertRow> for AlertEntry {
    fn from(row: AlertRow) -> Self {
        let AlertRow { id, alert, severity, class, node, summary, .. } = row;
        let value = row.value_milli as f64 / 1000.0;
        let (raised_at, resolved_at) = (Timestamp::from_micros(row.raised_at), row.resolved_at);
        let resolved_at = resolved_at.map(Timestamp::from_micros);
        Self { id, alert, severity, summary, value, class, node, raised_at, resolved_at }
    }
}

/// Alerts that were raised from `from` on and before `to` (microseconds), that fire or do not, as lines
/// of JSON.
///
/// # Errors
/// The database.
pub fn lines(conn: &mut Conn, from: i64, to: i64, fires: Option<bool>) -> QueryResult<Vec<u8>> {
    let rows = store::raised_between(conn, (from, to), fires)?;
    let line = |row| {
        let kept = Kept { kind: "alert", entry: AlertEntry::from(row) };
        let mut line = serde_json::to_vec(&kept).unwrap_or_default();
        line.push(b'\n');
        line
    };
    Ok(rows.into_iter().flat_map(line).collect())
}

/// An alert among other lines.
#[derive(Serialize)]
struct Kept {
    kind: &'static str,
    #[serde(flatten)]
    entry: AlertEntry,
}

/// What its cursors are marked with.
const LIST: &str = "alerts";

/// What is wrong with the service, and was in the last 30 days or more; newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts",
    params(("state" = Option<AlertState>, Query, description = "Those that fire, or those that did"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"),
        ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of alerts", body = ListPage<AlertEntry>)))]
async fn list(
    state: web::Data<AppState>,
    access: Access,
    query: Query<AlertsQuery>,
) -> Result<web::Json<ListPage<AlertEntry>>, ApiError> {
    access.administrator()?;
    let AlertsQuery { state: wanted, limit, cursor } = query.into_inner();
    let after = cursor.map(|cursor| cursor.text(LIST)).transpose()?;
    let fires = wanted.map(|state| state == AlertState::Firing);
    let rows = state
        .db
        .read(move |conn| {
            Ok::<_, ApiError>(store::list(conn, fires, after.as_deref(), limit.get())?)
        })
        .await?;
    let items = rows.into_iter().map(AlertEntry::from).collect();
    Ok(web::Json(ListPage::new(items, limit, |item: &AlertEntry| {
        Cursor::of(LIST, [item.id.clone()])
    })))
}
