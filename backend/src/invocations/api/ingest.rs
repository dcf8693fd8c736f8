//! `POST …/invocations`: one event, a batch, or a line each.

use crate::auth::{Action, Principal};
use crate::edge::{BodyLimit, NoQuery, SMALL_BODY, media_type, read_body};
use crate::error::{ApiError, Code};
use crate::invocations::batcher::{Batcher, Receipt};
use crate::invocations::intake::{Prepared, Sender};
use crate::projects::{Access, Project};
use crate::state::AppState;
use crate::threads::SCANS;
use actix_web::{HttpRequest, web};
use hardening::Problem;
use invocation::{Event, FieldProblem, Source, batch};
use serde::{Deserialize, Serialize};

const LIMIT: BodyLimit = BodyLimit { received: 4 << 20, decoded: 4 << 20 };

/// What became of each event.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(super) struct Outcome {
    /// One for each event that is durable, in order.
    receipts: Vec<Receipt>,
    /// One for each event that was refused.
    rejected: Vec<Rejected>,
}

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
struct Rejected {
    /// The event's place in the request, from 0.
    index: usize,
    /// What is wrong with it.
    problem: Problem,
}

/// Record invocations. The answer comes when they are durable.
#[utoipa::path(post, path = "/api/v1/projects/{project}/invocations", tag = "invocations",
    params(("project" = String, Path, description = "Id or slug")),
    request_body(description = "One event, or `{\"events\": […]}` with 1 to 1000 of them, or one event a line", content(
        (Object = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, description = "Receipts, and what was refused", body = Outcome)))]
pub(super) async fn ingest(
    state: web::Data<AppState>,
    batcher: web::Data<Batcher>,
    access: Access,
    project: web::Path<String>,
    _: NoQuery,
    request: HttpRequest,
    mut payload: web::Payload,
) -> Result<web::Json<Outcome>, ApiError> {
    let project = access.project(&project, Action::SendEvents).await?;
    let parse: fn(&[u8], _) -> _ = match media_type(&request).as_deref() {
        Some("application/json") => batch::from_json,
        Some("application/x-ndjson" | "application/ndjson" | "application/jsonl") => {
            batch::from_ndjson
        }
        _ => {
            let detail = "Content-Type must be application/json or application/x-ndjson.";
            return Err(ApiError::new(Code::UnsupportedMediaType, detail));
        }
    };
    let body = read_body(&request, &mut payload, LIMIT).await?;
    let sender = sender(&project, &access.principal, Source::Rest);
    let (inner, small) = (state.clone(), body.len() <= SMALL_BODY);
    let work = move || -> Result<_, FieldProblem> {
        let batch = parse(&body, inner.clock.now())?;
        Ok((batch.single, prepare(&inner, &sender, batch.events)))
    };
    let (single, (prepared, mut rejected)) = run(small, work).await??;
    if single && let Some((_, fault)) = rejected.pop() {
        return Err(fault.into());
    }
    state.metrics.events.with_label_values(&["rest", "rejected"]).inc_by(rejected.len() as u64);
    let receipts = batcher.submit(&state, Source::Rest, prepared).await?;
    let rejected = rejected
        .into_iter()
        .map(|(index, fault)| Rejected { index, problem: ApiError::from(fault).problem() })
        .collect();
    Ok(web::Json(Outcome { receipts, rejected }))
}

/// Small work here and now, large work on threads for that.
pub(super) async fn run<T: Send + 'static>(
    small: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    Ok(if small { work() } else { SCANS.run(work).await? })
}

pub(super) fn sender(project: &Project, principal: &Principal, source: Source) -> Sender {
    let key_id = match principal {
        Principal::Key { id, .. } => Some(id.clone()),
        Principal::User { .. } => None,
    };
    Sender { project_id: project.id.clone(), key_id, gate: project.gate.clone(), source }
}

type Parsed = Vec<Result<Event, FieldProblem>>;

/// The events that are fit to be stored, and those that are not with their places.
fn prepare(
    state: &AppState,
    sender: &Sender,
    events: Parsed,
) -> (Vec<Prepared>, Vec<(usize, FieldProblem)>) {
    let (mut prepared, mut rejected) = (Vec::with_capacity(events.len()), Vec::new());
    for (index, event) in events.into_iter().enumerate() {
        match event.and_then(|event| sender.prepare(state, event)) {
            Ok(event) => prepared.push(event),
            Err(fault) => rejected.push((index, fault)),
        }
    }
    (prepared, rejected)
}
