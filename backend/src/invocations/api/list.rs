//! `GET …/invocations`.

use super::query::{LIST, ListQuery, PhiClass};
use crate::auth::Action;
use crate::edge::{Cursor, ListPage, Query};
use crate::error::ApiError;
use crate::invocations::store;
use crate::ledger::{self, Log};
use crate::projects::Access;
use crate::state::AppState;
use actix_web::web;
use serde_json::value::RawValue;

/// Invocations, newest first, each the record as it is sealed.
#[utoipa::path(get, path = "/api/v1/projects/{project}/invocations", tag = "invocations",
    params(("project" = String, Path, description = "Id or slug"),
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
        ("phi" = Option<PhiClass>, Query, description = "With findings of this PHI class"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"),
        ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of records", body = ListPage<serde_json::Value>)))]
pub(super) async fn list(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    query: Query<ListQuery>,
) -> Result<web::Json<ListPage<Box<RawValue>>>, ApiError> {
    let project = access.project(&project, Action::ReadEvents).await?;
    let query = query.into_inner();
    if query.format.is_some() {
        return Err(ApiError::field("/format", "is for exports"));
    }
    let (page, limit) = (query.page()?, query.limit.unwrap_or_default());
    let filter = query.filter()?;
    let (places, records) = state
        .db
        .read(move |conn| {
            let places = store::list(conn, &project.id, &filter, page)?;
            let indexes: Vec<i64> = places.iter().map(|(_, index)| *index).collect();
            let records = ledger::raw_records(conn, Log::Invocations, &indexes)?;
            Ok::<_, ApiError>((places, records))
        })
        .await?;
    let last = places.last().copied().unwrap_or_default();
    let cursor = |_: &_| Cursor::of(LIST, [last.0.to_string(), last.1.to_string()]);
    Ok(web::Json(ListPage::new(records, limit, cursor)))
}
