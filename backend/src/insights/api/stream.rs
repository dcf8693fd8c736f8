//! `GET /insights/stream`: how the feed stands.

use crate::edge::NoQuery;
use crate::error::ApiError;
use crate::insights::Insights;
use crate::projects::Access;
use actix_web::web;
use serde::Serialize;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct StreamView {
    /// Which feed is in use: `redis` or `database`.
    feed: &'static str,
    /// How many entries it holds.
    length: u64,
    /// The ledger index of its first entry.
    first: Option<u64>,
    /// The index after its last entry.
    next: u64,
    /// The index after the ledger's last invocation: what the stream lacks is being relayed.
    ledger_end: u64,
    /// How many invocations are not in the rollups yet.
    unapplied: u64,
    /// Who reads it.
    groups: Vec<GroupView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct GroupView {
    /// Its name.
    name: String,
    /// Workers that read, or did not long ago.
    consumers: u64,
    /// Entries that were delivered and not acknowledged.
    pending: u64,
    /// Everything below this index was acknowledged.
    acknowledged: u64,
    /// How many entries are not acknowledged.
    lag: u64,
}

/// How the insights feed stands. For administrators, since it is every project's.
#[utoipa::path(get, path = "/api/v1/insights/stream", tag = "insights",
    responses((status = 200, description = "The feed", body = StreamView)))]
pub(super) async fn show(
    insights: web::Data<Insights>,
    access: Access,
    _: NoQuery,
) -> Result<web::Json<StreamView>, ApiError> {
    access.administrator()?;
    let standing = insights.standing().await?;
    let groups = standing.info.groups.into_iter().map(|group| GroupView {
        name: group.name,
        consumers: group.consumers,
        pending: group.pending,
        acknowledged: group.acknowledged,
        lag: group.lag,
    });
    Ok(web::Json(StreamView {
        feed: standing.feed,
        length: standing.info.length,
        first: standing.info.first,
        next: standing.info.next,
        ledger_end: standing.ledger_end,
        unapplied: standing.unapplied,
        groups: groups.collect(),
    }))
}
