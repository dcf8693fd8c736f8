//! `GET …/invocations/{event_id}`: the record with everything that proves it.

use crate::auth::Action;
use crate::edge::NoQuery;
use crate::error::ApiError;
use crate::invocations::store;
use crate::ledger::{self, Log, Proof};
use crate::projects::Access;
use crate::state::AppState;
use actix_web::web;
use serde::Serialize;
use serde_json::value::RawValue;

/// An invocation and its place in the ledger.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Proven {
    /// The record, byte for byte as it is sealed: canonical JSON (RFC 8785).
    #[schema(value_type = Object)]
    record: Box<RawValue>,
    /// What proves it.
    ledger: Proof,
}

/// One invocation with its inclusion proof.
#[utoipa::path(get, path = "/api/v1/projects/{project}/invocations/{event}", tag = "invocations",
    params(("project" = String, Path, description = "Id or slug"), ("event" = String, Path, description = "The event's id")),
    responses((status = 200, description = "The record and its proof", body = Proven)))]
pub(super) async fn show(
    state: web::Data<AppState>,
    access: Access,
    path: web::Path<(String, String)>,
    _: NoQuery,
) -> Result<web::Json<Proven>, ApiError> {
    let (project, event_id) = path.into_inner();
    let project = access.project(&project, Action::ReadEvents).await?;
    let gone = || ApiError::not_found("invocation");
    let (record, ledger) = state
        .db
        .read(move |conn| {
            let index = store::find(conn, &project.id, &event_id)?.ok_or_else(gone)?;
            ledger::proof_of(conn, Log::Invocations, index as u64)?.ok_or_else(gone)
        })
        .await?;
    let record = RawValue::from_string(record).map_err(ApiError::internal)?;
    Ok(web::Json(Proven { record, ledger }))
}
