//! `GET /api/v1/schemas/ai_invocation_event.json`.

use crate::edge::NoQuery;
use actix_web::HttpResponse;

/// The JSON Schema of an event.
#[utoipa::path(get, path = "/api/v1/schemas/ai_invocation_event.json", tag = "schemas",
    responses((status = 200, description = "JSON Schema, draft 2020-12", body = serde_json::Value, content_type = "application/schema+json")))]
pub(super) async fn event(_: NoQuery) -> HttpResponse {
    HttpResponse::Ok().content_type("application/schema+json").body(invocation::EVENT_SCHEMA)
}
