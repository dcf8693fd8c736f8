//! One span → one event.

use crate::dialect::{Field, Reading};
use crate::found::Found;
use crate::span_events::Messages;
use crate::{Rejected, content, names, span_events, usage, value};
use invocation::{Event, EventId, FieldProblem, HexId, Label, Millis, Status, Tier, Timestamp};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::Value as Json;

/// What the spans of one resource share.
#[derive(Default)]
pub(crate) struct Resource {
    service: Option<String>,
    /// Attributes of ours, which so can be set by `OTEL_RESOURCE_ATTRIBUTES` without any code.
    own: Vec<KeyValue>,
}

impl Resource {
    pub(crate) fn new(resource: ProtoResource) -> Self {
        let mut shared = Self::default();
        for attribute in resource.attributes {
            if attribute.key.starts_with("researchflow.") {
                shared.own.push(attribute);
            } else if attribute.key == "service.name" {
                let name = attribute.value.and_then(|value| value.value);
                shared.service = name.and_then(|name| Some(value::text(&name)?.into_owned()));
            }
        }
        shared
    }
}

/// The event of a span; `None` when it is no AI work.
pub(crate) fn event(
    mut span: Span,
    resource: &Resource,
    scope: &str,
    now: Timestamp,
) -> Option<Result<Event, Rejected>> {
    let mut found = Found::new();
    std::mem::take(&mut span.attributes).into_iter().for_each(|told| found.take(told));
    let messages = span_events::read(std::mem::take(&mut span.events), &mut found);
    if !found.is_ai_work {
        return None;
    }
    for attribute in &resource.own {
        found.take_unless_told(attribute);
    }
    let (trace_id, span_id) = (span.trace_id.clone(), span.span_id.clone());
    let event = assemble(span, found, messages, resource, scope);
    let checked = event.and_then(|event| event.check(now).map(|()| event));
    Some(checked.map_err(|problem| Rejected {
        trace_id: hex::encode(trace_id.get(..16).unwrap_or(&trace_id)),
        span_id: hex::encode(span_id.get(..8).unwrap_or(&span_id)),
        problem,
    }))
}

fn assemble(
    mut span: Span,
    mut found: Found,
    mut messages: Messages,
    resource: &Resource,
    scope: &str,
) -> Result<Event, FieldProblem> {
    let invalid = |pointer| FieldProblem::new(pointer, "must be a valid id, not all zero");
    let trace_id = HexId::from_bytes(&span.trace_id).ok_or_else(|| invalid("/trace_id"))?;
    let span_id = HexId::from_bytes(&span.span_id).ok_or_else(|| invalid("/span_id"))?;
    let failure = failure(&mut span, &mut found, &messages);
    let mut event = Event {
        event_id: EventId::fit(&format!("{}-{}", trace_id.as_str(), span_id.as_str())),
        occurred_at: occurred_at(&span),
        parent_span_id: HexId::from_bytes(&span.parent_span_id),
        status: failure.status,
        error_type: failure.kind,
        latency_ms: between(span.start_time_unix_nano, span.end_time_unix_nano),
        time_to_first_token_ms: time_to_first_token(&span, &mut found, &messages),
        cost_usd: cost(&mut found).and_then(|dollars| format!("{dollars:.9}").parse().ok()),
        tier: found.text(Field::Tier).and_then(|tier| tier_of(&tier)),
        client_sequence: found.count(Field::ClientSequence),
        usage: usage::usage(&mut found),
        ..Event::default()
    };
    name(&mut event, &mut found, &trace_id);
    event.trace_id = Some(trace_id);
    event.span_id = Some(span_id);
    event.input = content::input(&mut found, &mut messages);
    event.output = content::output(&mut found, &mut messages);
    event.tags = found.tags;
    let mut attributes = found.rest;
    attributes.add_own("span.name", span.name);
    attributes.add_own("otel.scope.name", scope.to_owned());
    attributes.add_own("service.name", resource.service.clone().unwrap_or_default());
    if let Some(message) = failure.message {
        attributes.add_message("exception.message", message);
    }
    event.attributes = attributes.into_attributes();
    Ok(event)
}

/// Names what the span is and where in which run it stands.
fn name(event: &mut Event, found: &mut Found, trace_id: &HexId<16>) {
    event.model = found.label(Field::Model).or_else(|| found.parameters_model.take());
    event.response_model = found.label(Field::ResponseModel);
    if event.model.is_none() {
        event.model.clone_from(&event.response_model);
    }
    event.provider = found.text(Field::Provider).and_then(|told| names::provider(&told));
    event.operation = found.text(Field::Operation).and_then(|told| names::operation(&told));
    event.agent = found.label(Field::Agent);
    event.tool = found.label(Field::Tool);
    event.user_ref = found.label(Field::UserRef);
    let entity = found.label(Field::Entity);
    let step = found.label(Field::Step);
    event.stage = found.label(Field::Stage);
    let calls_a_model = event.model.is_some() || !event.usage.is_empty();
    if event.operation.is_none() && !calls_a_model {
        event.operation = Label::fit(if event.tool.is_some() { "execute_tool" } else { "task" });
    }
    match event.operation.as_ref().map_or("", Label::as_str) {
        "execute_tool" => event.tool = event.tool.take().or(entity),
        "invoke_agent" => event.agent = event.agent.take().or(entity),
        "task" | "invoke_workflow" => event.stage = event.stage.take().or(entity),
        _ => {}
    }
    event.stage = event.stage.take().or(step);
    let session = found.label(Field::Session);
    event.conversation_id = found.label(Field::ConversationId).or_else(|| session.clone());
    event.run_id = found
        .label(Field::RunId)
        .or(session)
        .or_else(|| event.conversation_id.clone())
        .or_else(|| Label::fit(trace_id.as_str()));
}

/// How a span failed, if it did.
struct Failure {
    status: Status,
    kind: Option<Label>,
    message: Option<String>,
}

fn failure(span: &mut Span, found: &mut Found, messages: &Messages) -> Failure {
    let told = span.status.take().unwrap_or_default();
    let kind = found.label(Field::ErrorType);
    let message = found.text(Field::ErrorMessage);
    let level = found.text(Field::Level);
    let hinted = kind.is_some() || messages.has_exception || level.as_deref() == Some("ERROR");
    let failed = match told.code() {
        StatusCode::Error => true,
        StatusCode::Ok => false,
        StatusCode::Unset => hinted,
    };
    Failure {
        status: if failed { Status::Error } else { Status::Ok },
        kind: kind.filter(|_| failed),
        message: message.or(Some(told.message).filter(|message| !message.is_empty())),
    }
}

fn occurred_at(span: &Span) -> Option<Timestamp> {
    let micros = i64::try_from(span.start_time_unix_nano / 1000).ok();
    micros.filter(|micros| *micros > 0).map(Timestamp::from_micros)
}

/// From one instant to another, both in nanoseconds since the Unix epoch, where it is a duration.
fn between(from: u64, to: u64) -> Option<Millis> {
    let nanos = if from == 0 { None } else { to.checked_sub(from) };
    nanos.and_then(|nanos| Millis::from_micros(nanos / 1000))
}

fn time_to_first_token(span: &Span, found: &mut Found, messages: &Messages) -> Option<Millis> {
    let start = span.start_time_unix_nano;
    match found.raw(Field::TimeToFirstToken) {
        Some((Reading::Instant, Value::StringValue(text))) => {
            let instant: Timestamp = text.trim_matches('"').parse().ok()?;
            between(start, u64::try_from(instant.micros()).ok()?.checked_mul(1000)?)
        }
        Some((_, told)) => seconds(value::number(&told)?),
        None => between(start, messages.first_token_nanos?),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and what lies out of bounds is no duration"
)]
fn seconds(seconds: f64) -> Option<Millis> {
    let micros = (seconds * 1e6).round();
    if micros >= 0.0 { Millis::from_micros(micros as u64) } else { None }
}

/// Dollars, where they are told: a number, or an object of classes with or without their total.
fn cost(found: &mut Found) -> Option<f64> {
    let (_, told) = found.raw(Field::Cost)?;
    let dollars = match value::number(&told) {
        Some(dollars) => dollars,
        None => match value::structure(told) {
            Json::Object(classes) => match classes.get("total") {
                Some(total) => total.as_f64()?,
                None => classes.values().filter_map(Json::as_f64).sum(),
            },
            _ => return None,
        },
    };
    (dollars.is_finite() && dollars >= 0.0).then_some(dollars)
}

fn tier_of(told: &str) -> Option<Tier> {
    let tiers = [Tier::Nano, Tier::Mini, Tier::Frontier];
    tiers.into_iter().find(|tier| told.eq_ignore_ascii_case(tier.as_str()))
}
