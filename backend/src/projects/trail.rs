//! The audit trail over HTTP. It stands here, since whose acts one may read is a matter of projects.

use super::access::Access;
use crate::audit::{self, ActName, Actor, Filter};
use crate::auth::Principal;
use crate::edge::{Cursor, Limit, ListPage, Query, download, in_order, ndjson, no_page, resource};
use crate::error::ApiError;
use crate::ledger::{Log, raw_records};
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use invocation::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/audit", [(Method::GET, web::to(list))]))
        .service(resource("/audit/export", [(Method::GET, web::to(export))]));
}

/// Which acts, from where, and how many.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TrailQuery {
    project: Option<String>,
    actor: Option<String>,
    action: Option<ActName>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: Option<Limit>,
    cursor: Option<Cursor>,
}

impl TrailQuery {
    /// The filter, narrowed to what the caller may read.
    async fn filter(&self, access: &Access) -> Result<Filter, ApiError> {
        in_order(self.from, self.to)?;
        let actor = self.actor.as_deref().map(str::parse::<Actor>).transpose();
        let actor = actor.map_err(|fault| ApiError::field("/actor", fault))?;
        let project_id = match (&self.project, &*access.principal) {
            (Some(project), _) => Some(access.trail_of(project).await?),
            (None, Principal::Key { project_id, .. }) => Some(access.trail_of(project_id).await?),
            (None, Principal::User { .. }) => {
                access.administrator()?;
                None
            }
        };
        Ok(Filter {
            project_id,
            actor,
            action: self.action.clone(),
            from: self.from.map(Timestamp::micros),
            to: self.to.map(Timestamp::micros),
        })
    }
}

/// An act and its place in the `audit` log.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct AuditEntry {
    /// Its index in the log.
    ledger_index: i64,
    /// The record as it is sealed.
    #[schema(value_type = Object)]
    record: Box<RawValue>,
}

/// What its cursors are marked with.
const LIST: &str = "audit";

/// Who did what, newest first: of one project, or of all for administrators.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit",
    params(("project" = Option<String>, Query, description = "In this project, by id or slug, or for administrators by the id of a deleted one; a key's own if absent"),
        ("actor" = Option<String>, Query, pattern = "^(user:.+|key:.+|operator|system)$", description = "By this actor: user:<id>, key:<id>, operator or system"),
        ("action" = Option<ActName>, Query, description = "Of this name, such as key_created"),
        ("from" = Option<String>, Query, format = DateTime, description = "At this time or later"),
        ("to" = Option<String>, Query, format = DateTime, description = "Before this time"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"),
        ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of acts", body = ListPage<AuditEntry>)))]
pub(super) async fn list(
    state: web::Data<AppState>,
    access: Access,
    query: Query<TrailQuery>,
) -> Result<web::Json<ListPage<AuditEntry>>, ApiError> {
    let query = query.into_inner();
    let filter = query.filter(&access).await?;
    let after = query.cursor.as_ref().map(|cursor| cursor.numbers::<2>(LIST)).transpose()?;
    let limit = query.limit.unwrap_or_default();
    let (places, records) = state
        .db
        .read(move |conn| {
            let after = after.map(|[time, index]| (time, index));
            let places = audit::list(conn, &filter, after, limit.get())?;
            let indexes: Vec<i64> = places.iter().map(|(_, index)| *index).collect();
            Ok::<_, ApiError>((places, raw_records(conn, Log::Audit, &indexes)?))
        })
        .await?;
    let last = places.last().copied().unwrap_or_default();
    let entry = |((_, ledger_index), record)| AuditEntry { ledger_index, record };
    let entries = places.into_iter().zip(records).map(entry).collect();
    let cursor = |_: &_| Cursor::of(LIST, [last.0.to_string(), last.1.to_string()]);
    Ok(web::Json(ListPage::new(entries, limit, cursor)))
}

/// Export the trail as NDJSON: the records as they are sealed, newest first.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit",
    params(("project" = Option<String>, Query, description = "In this project, by id or slug, or for administrators by the id of a deleted one; a key's own if absent"),
        ("actor" = Option<String>, Query, pattern = "^(user:.+|key:.+|operator|system)$", description = "By this actor: user:<id>, key:<id>, operator or system"),
        ("action" = Option<ActName>, Query, description = "Of this name, such as key_created"),
        ("from" = Option<String>, Query, format = DateTime, description = "At this time or later"),
        ("to" = Option<String>, Query, format = DateTime, description = "Before this time")),
    responses((status = 200, description = "The export", content((String = "application/x-ndjson")))))]
pub(super) async fn export(
    state: web::Data<AppState>,
    access: Access,
    query: Query<TrailQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    no_page(query.limit, query.cursor.as_ref())?;
    let filter = query.filter(&access).await?;
    let project_id = filter.project_id.clone();
    let read = move |conn: &mut _| audit::list(conn, &filter, None, i64::MAX);
    let places = state.db.read(move |conn| read(conn).map_err(ApiError::from)).await?;
    let indexes: Vec<i64> = places.into_iter().map(|(_, index)| index).collect();
    access.exports(project_id.as_deref(), format!("{} audit records", indexes.len())).await?;
    let state = AppState::clone(&state);
    Ok(download("application/x-ndjson", "audit.ndjson", Vec::new(), &indexes, move |indexes| {
        let state = state.clone();
        async move {
            let read = move |conn: &mut _| raw_records(conn, Log::Audit, &indexes);
            Ok(ndjson(&state.db.read(read).await?))
        }
    }))
}
