//! `GET /insights/stream/replay`: a project's own entries, from an index on.

use crate::auth::Action;
use crate::edge::Query;
use crate::error::ApiError;
use crate::insights::Insights;
use crate::projects::Access;
use actix_web::{HttpResponse, web};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayQuery {
    #[serde(default, deserialize_with = "index")]
    from: u64,
}

fn index<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let index = text.parse().ok().filter(|index| *index <= LAST);
    index.ok_or_else(|| serde::de::Error::custom("must be a ledger index"))
}

/// The highest index that a ledger can have: what a 64-bit column holds.
const LAST: u64 = i64::MAX.unsigned_abs();

/// Entries a line of the answer is sent with.
const LINES: usize = 200;

/// The entries of the key's project from a ledger index on, oldest first, as NDJSON. They hold names
/// and counts, and no text.
#[utoipa::path(get, path = "/api/v1/insights/stream/replay", tag = "insights",
    params(("from" = Option<u64>, Query, description = "The first ledger index; 0 if absent")),
    responses((status = 200, description = "The entries", body = String, content_type = "application/x-ndjson")))]
pub(super) async fn replay(
    insights: web::Data<Insights>,
    access: Access,
    query: Query<ReplayQuery>,
) -> Result<HttpResponse, ApiError> {
    let project = access.own_project(Action::ReadEvents).await?;
    let entries = insights.rows().replay(query.into_inner().from);
    let own = entries.try_filter_map(move |entry| {
        let is_own = entry.project_id == project.id;
        let line =
            is_own.then(|| serde_json::to_vec(&entry).map(|line| [line, vec![b'\n']].concat()));
        async move { Ok(line.transpose()?) }
    });
    let lines = own.try_chunks(LINES).map(|lines| {
        let lines = lines.map_err(|error| {
            // The answer is cut short, so that nobody takes it for whole.
            tracing::error!(%error, "a replay ended early");
            actix_web::error::ErrorInternalServerError("the replay ended early")
        })?;
        Ok::<_, actix_web::Error>(web::Bytes::from(lines.concat()))
    });
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(lines))
}
