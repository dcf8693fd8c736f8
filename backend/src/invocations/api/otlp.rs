//! OTLP/HTTP traces. The project is the key's.

use super::ingest::{run, sender};
use crate::auth::Action;
use crate::edge::{BodyLimit, NoQuery, SMALL_BODY, media_type, read_body};
use crate::error::{ApiError, Code};
use crate::invocations::batcher::Batcher;
use crate::projects::Access;
use crate::state::AppState;
use actix_web::{HttpRequest, HttpResponse, web};
use invocation::Source;
use otlp::Encoding;

/// Spans compress well; what they unpack to may be larger than what other bodies may be.
const LIMIT: BodyLimit = BodyLimit { received: 4 << 20, decoded: 16 << 20 };

/// Record the AI spans of an OTLP trace export (`ExportTraceServiceRequest`).
#[utoipa::path(post, path = "/v1/traces", tag = "invocations",
    request_body(description = "An OTLP ExportTraceServiceRequest", content(
        (Vec<u8> = "application/x-protobuf"), (Object = "application/json"))),
    responses((status = 200, description = "An ExportTraceServiceResponse; partial_success counts spans that were refused", content(
        (Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json")))))]
pub(super) async fn traces(
    state: web::Data<AppState>,
    batcher: web::Data<Batcher>,
    access: Access,
    _: NoQuery,
    request: HttpRequest,
    mut payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let project = access.own_project(Action::SendEvents).await?;
    let encoding = media_type(&request).as_deref().and_then(Encoding::from_content_type);
    let encoding = encoding.ok_or_else(|| {
        let detail = "Content-Type must be application/x-protobuf or application/json.";
        ApiError::new(Code::UnsupportedMediaType, detail)
    })?;
    let body = read_body(&request, &mut payload, LIMIT).await?;
    let sender = sender(&project, &access.principal, Source::Otlp);
    let (inner, small) = (state.clone(), body.len() <= SMALL_BODY);
    let work = move || -> Result<_, ApiError> {
        let export = otlp::decode(&body, encoding)
            .map_err(|error| ApiError::new(Code::BadRequest, error.to_string()))?;
        let batch = otlp::events(export, inner.clock.now());
        let (mut prepared, mut refused) = (Vec::with_capacity(batch.events.len()), Vec::new());
        for event in batch.events {
            let event = event.map_err(|rejected| rejected.problem);
            match event.and_then(|event| sender.prepare(&inner, event)) {
                Ok(event) => prepared.push(event),
                Err(fault) => refused.push(fault),
            }
        }
        Ok((prepared, refused, batch.skipped))
    };
    let (prepared, refused, skipped) = run(small, work).await??;
    let count = |outcome, n| state.metrics.events.with_label_values(&["otlp", outcome]).inc_by(n);
    count("skipped", skipped);
    count("rejected", refused.len() as u64);
    batcher.submit(&state, Source::Otlp, prepared).await?;
    let message = refused.first().map_or(String::new(), |fault| format!("first: {fault}"));
    let answer = otlp::response(encoding, refused.len() as u64, &message);
    Ok(HttpResponse::Ok().content_type(encoding.content_type()).body(answer))
}

/// The same at the path that Langfuse's SDK sends to.
#[utoipa::path(post, path = "/api/public/otel/v1/traces", tag = "invocations",
    request_body(description = "An OTLP ExportTraceServiceRequest", content(
        (Vec<u8> = "application/x-protobuf"), (Object = "application/json"))),
    responses((status = 200, description = "An ExportTraceServiceResponse", content(
        (Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json")))))]
#[expect(dead_code, reason = "only documents the path; `traces` serves it")]
pub(super) fn traces_of_langfuse() {}
