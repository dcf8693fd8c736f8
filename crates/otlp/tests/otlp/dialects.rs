//! Every row of the table fills its field, and the rules for what no row alone decides.

use crate::common::{self, START, attribute, batch, event, int, span, span_event, text, told};
use invocation::{Content, Event, Label, Status, Tier};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Status as SpanStatus};
use otlp::{Field, Reading, Row, TABLE};
use serde_json::{Value as Json, json};

fn name(label: &Option<Label>) -> &str {
    label.as_ref().map_or("", Label::as_str)
}

fn json_of(content: &Option<Content>) -> Json {
    serde_json::to_value(content).unwrap()
}

/// A value that the row's field can be told by.
fn sample(row: &Row) -> Value {
    match (row.field, row.reading) {
        (Field::UsageDetails, _) => Value::StringValue(r#"{"input":7,"output":3}"#.to_owned()),
        (Field::Tier, _) => Value::StringValue("mini".to_owned()),
        (Field::Level, _) => Value::StringValue("ERROR".to_owned()),
        (Field::Parameters, _) => {
            Value::StringValue(r#"{"model":"m","seed":1,"user":"x","tools":[]}"#.to_owned())
        }
        (_, Reading::Quoted) => Value::StringValue(r#""told""#.to_owned()),
        (_, Reading::Seconds) | (Field::Cost, _) => Value::DoubleValue(0.25),
        (_, Reading::Instant) => Value::StringValue(r#""2027-01-15T07:43:20.25Z""#.to_owned()),
        (field, _) if is_count(field) => Value::IntValue(7),
        _ => Value::StringValue("told".to_owned()),
    }
}

fn is_count(field: Field) -> bool {
    matches!(
        field,
        Field::ClientSequence
            | Field::InputTokens
            | Field::OutputTokens
            | Field::CacheReadTokens
            | Field::CacheWriteTokens
            | Field::ReasoningTokens
            | Field::TotalTokens
    )
}

/// What the event has for the row's field, and what it must have.
fn outcome(row: &Row, key: &str, event: &Event) -> (Json, Json) {
    let usage = &event.usage;
    let label = |label: &Option<Label>| (json!(name(label)), json!("told"));
    let content = |content| match row.reading {
        Reading::Path => (json_of(content), json!([{"leaf": "told"}])),
        _ => (json_of(content), json!("told")),
    };
    let part = |part: &str, content| match row.reading {
        Reading::Path => (json_of(content), json!({part: [{"leaf": "told"}]})),
        _ => (json_of(content), json!({part: "told"})),
    };
    match row.field {
        Field::Operation => label(&event.operation),
        Field::Provider => label(&event.provider),
        Field::Model => label(&event.model),
        Field::ResponseModel => label(&event.response_model),
        Field::Agent => label(&event.agent),
        Field::Tool => label(&event.tool),
        Field::ConversationId => label(&event.conversation_id),
        Field::Session | Field::RunId => label(&event.run_id),
        Field::UserRef => label(&event.user_ref),
        Field::Stage | Field::Step => label(&event.stage),
        Field::Entity => label(&event.stage),
        Field::Tier => (json!(event.tier), json!(Tier::Mini)),
        Field::ClientSequence => (json!(event.client_sequence), json!(7)),
        Field::Tags => (json!(event.tags), json!(["told"])),
        Field::InputTokens => (json!(usage.input_tokens), json!(7)),
        Field::OutputTokens => (json!(usage.output_tokens), json!(7)),
        Field::CacheReadTokens => (json!(usage.cache_read_tokens), json!(7)),
        Field::CacheWriteTokens => (json!(usage.cache_write_tokens), json!(7)),
        Field::ReasoningTokens => (json!(usage.reasoning_tokens), json!(7)),
        Field::TotalTokens | Field::Dropped => {
            (json!(event.attributes.as_map().get(key)), json!(null))
        }
        Field::UsageDetails => (json!([usage.input_tokens, usage.output_tokens]), json!([7, 3])),
        Field::Cost => (json!(event.cost_usd.unwrap().to_string()), json!("0.25")),
        Field::TimeToFirstToken => (json!(event.time_to_first_token_ms), json!(250)),
        Field::Input => content(&event.input),
        Field::Output => content(&event.output),
        Field::SystemInstructions => part("system_instructions", &event.input),
        Field::ToolDefinitions => part("tools", &event.input),
        Field::ErrorType => label(&event.error_type),
        Field::ErrorMessage => {
            (event.attributes.as_map()["exception.message"].clone(), json!("told"))
        }
        Field::Level => (json!(event.status), json!("error")),
        Field::Parameters => {
            let kept = event.attributes.as_map()[key].clone();
            (json!([name(&event.model), kept]), json!(["m", {"model": "m", "seed": 1}]))
        }
        Field::Metadata => (event.attributes.as_map()[key].clone(), json!("told")),
    }
}

#[test]
fn every_row_fills_its_field() {
    for row in TABLE {
        let key = match row.reading {
            Reading::Path => format!("{}0.leaf", row.key),
            _ if row.key.ends_with('.') => format!("{}leaf", row.key),
            _ => row.key.to_owned(),
        };
        let mut attributes = vec![attribute(&key, sample(row))];
        match row.field {
            Field::Entity => attributes.push(text("traceloop.span.kind", "task")),
            Field::CacheReadTokens | Field::CacheWriteTokens => {
                attributes.push(int("gen_ai.usage.input_tokens", 7));
            }
            // The mark of AI work must not hide what is tested.
            Field::Input | Field::Output | Field::UsageDetails | Field::OutputTokens => {}
            _ => attributes.push(int("gen_ai.usage.output_tokens", 50)),
        }
        if row.field == Field::UsageDetails {
            attributes.push(text("gen_ai.request.model", "m"));
        }
        let event = event(span(attributes));
        let (found, expected) = outcome(row, &key, &event);
        assert_eq!(found, expected, "{key}");
        assert!(
            row.field == Field::Metadata
                || row.field == Field::Parameters
                || !event.attributes.as_map().contains_key(&key)
                || key == "exception.message",
            "{key}"
        );
    }
}

#[test]
fn the_first_row_of_a_field_wins_in_any_order() {
    for pair in TABLE.windows(2) {
        let [first, second] = pair else { unreachable!() };
        let plain = |row: &Row| row.reading == Reading::Plain && !row.key.ends_with('.');
        let all_kept = matches!(first.field, Field::Tags | Field::Metadata | Field::Parameters);
        if first.field != second.field || all_kept || !plain(first) || !plain(second) {
            continue;
        }
        let marker = || int("llm.usage.completion_tokens", 50);
        let values = [attribute(first.key, sample(first)), text(second.key, "9")];
        let reversed = values.iter().rev().cloned().chain([marker()]).collect();
        let ordered = values.iter().cloned().chain([marker()]).collect();
        let (one, other) = (event(span(ordered)), event(span(reversed)));
        for event in [one, other] {
            let (found, expected) = outcome(first, first.key, &event);
            assert_eq!(found, expected, "{} {}", first.key, second.key);
        }
    }
}

#[test]
fn times_and_ids() {
    let event = told(vec![]);
    let ids = format!("{}-{}", "ab".repeat(16), "cd".repeat(8));
    assert_eq!(event.event_id.unwrap().as_str(), ids);
    assert_eq!(event.trace_id.unwrap().as_str(), "ab".repeat(16));
    assert_eq!(event.occurred_at.unwrap().micros() as u64, START / 1000);
    assert_eq!(event.latency_ms.unwrap().micros(), 1_500_000);
    assert_eq!(event.parent_span_id, None);
    assert_eq!(name(&event.run_id), "ab".repeat(16));
}

#[test]
fn an_end_before_the_start_is_no_latency() {
    let mut backwards = span(vec![text("gen_ai.system", "openai")]);
    backwards.end_time_unix_nano = 5;
    assert_eq!(event(backwards).latency_ms, None);
}

#[test]
fn a_bad_span_is_rejected_and_its_neighbours_are_not() {
    let good = span(vec![text("gen_ai.system", "openai")]);
    let mut nameless = good.clone();
    nameless.trace_id = vec![];
    let mut late = good.clone();
    late.start_time_unix_nano = u64::MAX / 2;
    let plain = span(vec![text("http.method", "GET"), text("session.id", "s")]);
    let request = common::request(vec![good.clone(), nameless, plain, late, good]);
    let batch = otlp::events(request, common::NOW);
    let pointers: Vec<_> = batch
        .events
        .iter()
        .map(|event| event.as_ref().err().map(|rejected| rejected.problem.pointer.as_str()))
        .collect();
    assert_eq!(pointers, [None, Some("/trace_id"), Some("/occurred_at"), None]);
    assert_eq!(batch.skipped, 1);
    let rejected = batch.events[1].as_ref().unwrap_err();
    assert_eq!((rejected.trace_id.as_str(), rejected.span_id.len()), ("", 16));
}

#[test]
fn wholes_include_their_parts_in_the_end() {
    // input, output, read, write, reasoning, total → input, output
    for (told, expected) in [
        ([130, 42, 80, 30, 16, 172], [130, 42]),
        ([20, 42, 80, 30, 16, 0], [130, 42]),
        ([500, 42, 80, 30, 0, 652], [610, 42]),
        ([500, 42, 80, 0, 16, 558], [500, 58]),
        ([500, 42, 80, 0, 16, 638], [580, 58]),
        ([10, 5, 0, 0, 9, 0], [10, 14]),
        ([10, 5, 10, 0, 5, 15], [10, 5]),
    ] {
        let [input, output, read, write, reasoning, total] = told;
        let event = event(span(vec![
            int("gen_ai.usage.input_tokens", input),
            int("gen_ai.usage.output_tokens", output),
            int("gen_ai.usage.cache_read.input_tokens", read),
            int("gen_ai.usage.cache_creation.input_tokens", write),
            int("gen_ai.usage.reasoning_tokens", reasoning),
            int("gen_ai.usage.total_tokens", total),
        ]));
        let found = [event.usage.input_tokens, event.usage.output_tokens];
        assert_eq!(found.map(|count| count.unwrap().get()), expected, "{told:?}");
    }
}

#[test]
fn langfuse_usage_objects() {
    for (details, expected) in [
        (
            json!({"input": 20, "input_cached_tokens": 80, "output": 26, "output_reasoning": 16, "total": 142}),
            json!({"input_tokens": 100, "cache_read_tokens": 80, "output_tokens": 42, "reasoning_tokens": 16}),
        ),
        (
            json!({"input_tokens": 20, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 30,
                "cache_creation": {"ephemeral_5m_input_tokens": 30}, "output_tokens": 42}),
            json!({"input_tokens": 130, "cache_read_tokens": 80, "cache_write_tokens": 30, "output_tokens": 42}),
        ),
        (
            json!({"prompt_tokens": 120, "completion_tokens": 42, "prompt_tokens_details": {"cached_tokens": 64},
                "completion_tokens_details": {"reasoning_tokens": 16}}),
            json!({"input_tokens": 120, "cache_read_tokens": 64, "output_tokens": 42, "reasoning_tokens": 16}),
        ),
        (
            json!({"input_tokens": 120, "output_tokens": 42, "input_tokens_details": {"cached_tokens": 64},
                "output_tokens_details": {"reasoning_tokens": 16}, "total_tokens": 162}),
            json!({"input_tokens": 120, "cache_read_tokens": 64, "output_tokens": 42, "reasoning_tokens": 16}),
        ),
        (json!({"input": 9}), json!({"input_tokens": 9})),
        (json!({"input": "many"}), json!({})),
        (json!([1]), json!({})),
    ] {
        let event =
            event(span(vec![text("langfuse.observation.usage_details", &details.to_string())]));
        assert_eq!(serde_json::to_value(event.usage).unwrap(), expected, "{details}");
    }
}

#[test]
fn run_and_stage_fall_back_in_order() {
    let trace = text("langfuse.trace.name", "trace name");
    let flow = text("traceloop.workflow.name", "flow");
    let path = text("traceloop.entity.path", "path");
    let own = text("researchflow.stage", "own");
    let stage = |attributes| name(&told(attributes).stage).to_owned();
    assert_eq!(stage(vec![trace.clone()]), "trace name");
    assert_eq!(stage(vec![trace.clone(), flow.clone()]), "flow");
    assert_eq!(stage(vec![trace.clone(), flow.clone(), path.clone()]), "path");
    assert_eq!(stage(vec![trace, flow, path, own]), "own");
    let run = |attributes| name(&told(attributes).run_id).to_owned();
    let conversation = text("gen_ai.conversation.id", "conversation");
    let session = text("session.id", "session");
    let own = text("researchflow.run_id", "own");
    assert_eq!(run(vec![conversation.clone()]), "conversation");
    assert_eq!(run(vec![conversation.clone(), session.clone()]), "session");
    assert_eq!(run(vec![conversation, session, own]), "own");
}

#[test]
fn a_resource_places_its_spans() {
    let mut request = common::request(vec![
        span(vec![text("gen_ai.system", "openai"), text("researchflow.stage", "its own")]),
        span(vec![text("http.method", "GET")]),
    ]);
    let ResourceSpans { resource, .. } = &mut request.resource_spans[0];
    resource.get_or_insert_default().attributes = vec![
        text("researchflow.run_id", "run"),
        text("researchflow.stage", "stage"),
        text("service.name", "screening"),
        text("host.name", "dropped"),
    ];
    let mut batch = otlp::events(request, common::NOW);
    let event = batch.events.remove(0).unwrap();
    assert_eq!((name(&event.run_id), name(&event.stage)), ("run", "its own"));
    let expected = json!({"service.name": "screening", "span.name": "a span"});
    assert_eq!(json!(event.attributes), expected);
    assert_eq!(batch.skipped, 1);
}

#[test]
fn statuses() {
    let failed = |code: i32, attributes, events| {
        let mut span = span(attributes);
        span.status = Some(SpanStatus { code, message: "why".to_owned() });
        span.events = events;
        let event = event(span);
        (event.status == Status::Error, name(&event.error_type).to_owned())
    };
    let model = || text("gen_ai.system", "openai");
    let kind = || text("error.type", "429");
    let exception = || span_event("exception", vec![text("exception.type", "E")]);
    assert_eq!(failed(0, vec![model()], vec![]), (false, String::new()));
    assert_eq!(failed(2, vec![model()], vec![]), (true, String::new()));
    assert_eq!(failed(0, vec![model(), kind()], vec![]), (true, "429".to_owned()));
    assert_eq!(failed(1, vec![model(), kind()], vec![]), (false, String::new()));
    assert_eq!(failed(0, vec![model()], vec![exception()]), (true, "E".to_owned()));
    assert_eq!(failed(2, vec![model(), kind()], vec![exception()]), (true, "429".to_owned()));
}

#[test]
fn content_in_span_events() {
    let mut old = span(vec![text("gen_ai.system", "openai")]);
    old.events = vec![
        span_event("gen_ai.system.message", vec![text("content", "be brief")]),
        span_event(
            "gen_ai.user.message",
            vec![text("gen_ai.event.content", r#"{"content":"hi"}"#)],
        ),
        span_event("gen_ai.choice", vec![int("index", 0), text("message", r#"{"content":"ho"}"#)]),
        span_event("First Token Stream Event", vec![]),
        span_event("anything else", vec![text("body", "secret")]),
    ];
    let event = event(old);
    let input =
        json!([{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]);
    assert_eq!(json_of(&event.input), input);
    let output = json!([{"role": "assistant", "index": 0, "message": {"content": "ho"}}]);
    assert_eq!(json_of(&event.output), output);
    assert_eq!(event.time_to_first_token_ms.unwrap().micros(), 250_000);
    assert!(!json!(event.attributes).to_string().contains("secret"));

    let mut details = span(vec![text("gen_ai.system", "openai")]);
    details.events = vec![span_event(
        "gen_ai.client.inference.operation.details",
        vec![text("gen_ai.input.messages", r#"[{"role":"user"}]"#), text("other", "secret")],
    )];
    let event = common::event(details);
    assert_eq!(json_of(&event.input), json!([{"role": "user"}]));
    assert!(!json!(event.attributes).to_string().contains("secret"));
}

#[test]
fn input_is_all_that_went_in() {
    let event = told(vec![
        text("gen_ai.input.messages", r#"[{"role":"user"}]"#),
        text("gen_ai.system_instructions", "be brief"),
        text("llm.tools.0.tool.json_schema", "{}"),
    ]);
    let expected = json!({
        "messages": [{"role": "user"}],
        "system_instructions": "be brief",
        "tools": [{"json_schema": "{}"}],
    });
    assert_eq!(json_of(&event.input), expected);
}

#[test]
fn values_may_be_structures() {
    let any = |value| AnyValue { value: Some(value) };
    let pairs = vec![text("role", "user"), attribute("bytes", Value::BytesValue(vec![1, 2]))];
    let message = any(Value::KvlistValue(KeyValueList { values: pairs }));
    let messages =
        Value::ArrayValue(ArrayValue { values: vec![message, AnyValue { value: None }] });
    let event = told(vec![
        attribute("gen_ai.input.messages", messages),
        attribute(
            "researchflow.tags",
            Value::ArrayValue(ArrayValue {
                values: vec![any(Value::StringValue("a".to_owned())), any(Value::IntValue(1))],
            }),
        ),
        attribute("gen_ai.request.temperature", Value::DoubleValue(f64::NAN)),
    ]);
    assert_eq!(json_of(&event.input), json!([{"role": "user", "bytes": "AQI="}, null]));
    assert_eq!(json!(event.tags), json!(["a"]));
    assert_eq!(event.attributes.as_map()["gen_ai.request.temperature"], json!(null));
}

#[test]
fn what_sdks_put_on_every_span_marks_none_as_ai_work() {
    let plain = span(vec![
        text("http.method", "GET"),
        text("session.id", "s"),
        text("user.id", "u"),
        text("langfuse.trace.name", "t"),
        text("langfuse.environment", "e"),
        text("traceloop.workflow.name", "w"),
        text("traceloop.association.properties.session_id", "s"),
        text("gen_ai.agent.name", "a"),
        text("researchflow.run_id", "r"),
    ]);
    let batch = batch(plain);
    assert_eq!((batch.events.len(), batch.skipped), (0, 1));
}

#[test]
fn steps_without_a_kind() {
    let operation = |attributes| name(&event(span(attributes)).operation).to_owned();
    assert_eq!(operation(vec![text("input.value", "x")]), "task");
    assert_eq!(operation(vec![text("tool.name", "x")]), "execute_tool");
    assert_eq!(operation(vec![text("gen_ai.request.model", "x")]), "");
}
