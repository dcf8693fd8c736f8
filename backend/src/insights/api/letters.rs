//! Dead letters: list, retry, drop. For administrators.

use crate::audit::Act;
use crate::db::Conn;
use crate::edge::NoQuery;
use crate::error::{ApiError, Code};
use crate::insights::letters::{Letter, Settled, drop_letter, retry_letter};
use crate::insights::{Insights, InsightsError};
use crate::projects::Access;
use actix_web::{HttpResponse, web};
use serde::Serialize;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Letters {
    /// The letters, by index.
    items: Vec<Letter>,
}

/// Entries that the workers gave up.
#[utoipa::path(get, path = "/api/v1/insights/dead-letters", tag = "insights",
    responses((status = 200, description = "The dead letters", body = Letters)))]
pub(super) async fn list(
    insights: web::Data<Insights>,
    access: Access,
    _: NoQuery,
) -> Result<web::Json<Letters>, ApiError> {
    access.administrator()?;
    Ok(web::Json(Letters { items: insights.dead_letters().await? }))
}

/// Try a dead letter again: its invocation goes into the rollups.
#[utoipa::path(post, path = "/api/v1/insights/dead-letters/{index}/retry", tag = "insights",
    params(("index" = u64, Path, description = "The letter's index")),
    responses((status = 204, description = "Done")))]
pub(super) async fn retry(
    insights: web::Data<Insights>,
    access: Access,
    index: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let act = |index| Act::DeadLetterRetried { index };
    settle(&insights, &access, &index, (retry_letter, act)).await
}

/// Drop a dead letter that no invocation is behind.
#[utoipa::path(delete, path = "/api/v1/insights/dead-letters/{index}", tag = "insights",
    params(("index" = u64, Path, description = "The letter's index")),
    responses((status = 204, description = "Done")))]
pub(super) async fn drop(
    insights: web::Data<Insights>,
    access: Access,
    index: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let act = |index| Act::DeadLetterDropped { index };
    settle(&insights, &access, &index, (drop_letter, act)).await
}

/// What is done with a letter, and how that is called in the audit trail.
type Deed = (fn(&mut Conn, u64) -> Result<Settled, InsightsError>, fn(u64) -> Act);

async fn settle(
    insights: &Insights,
    access: &Access,
    index: &str,
    (deed, act): Deed,
) -> Result<HttpResponse, ApiError> {
    access.administrator()?;
    let missing = || ApiError::not_found("dead letter");
    let index: u64 = index.parse().map_err(|_| missing())?;
    let known = insights.dead_letters().await?;
    if known.iter().all(|letter| letter.index != index) {
        return Err(missing());
    }
    let done = move |conn: &mut Conn| match deed(conn, index)? {
        Settled::Refused => {
            let detail =
                "There is an invocation behind it, which sums must have: try it again instead.";
            Err(ApiError::new(Code::Conflict, detail))
        }
        settled => Ok((settled, act(index))),
    };
    let settled = access.act(None, done).await?;
    match insights.discard(index, settled).await {
        Settled::Done => Ok(HttpResponse::NoContent().finish()),
        Settled::NoLetter | Settled::Refused => Err(missing()),
    }
}
