//! What span events tell: content in the older conventions, exceptions, the first token. An event of
//! any other name is dropped, since its body may be content.

use crate::found::Found;
use crate::value;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use serde_json::{Map, Value as Json};

/// What a span's events told.
#[derive(Default)]
pub(crate) struct Messages {
    input: Vec<Json>,
    output: Vec<Json>,
    /// Whether an exception was recorded.
    pub(crate) has_exception: bool,
    /// When the first token or chunk came, in nanoseconds since the Unix epoch.
    pub(crate) first_token_nanos: Option<u64>,
}

impl Messages {
    /// The messages that went in, if any.
    pub(crate) fn input(&mut self) -> Option<Json> {
        list(&mut self.input)
    }

    /// The choices that came out, if any.
    pub(crate) fn output(&mut self) -> Option<Json> {
        list(&mut self.output)
    }
}

fn list(messages: &mut Vec<Json>) -> Option<Json> {
    (!messages.is_empty()).then(|| Json::Array(std::mem::take(messages)))
}

/// Reads the events in order; attributes that the table knows go to `found`.
pub(crate) fn read(events: Vec<Event>, found: &mut Found) -> Messages {
    let mut messages = Messages::default();
    for event in events {
        match event.name.as_str() {
            "exception" => {
                messages.has_exception = true;
                event.attributes.into_iter().for_each(|told| found.take_known(told));
            }
            "gen_ai.content.prompt"
            | "gen_ai.content.completion"
            | "gen_ai.client.inference.operation.details" => {
                event.attributes.into_iter().for_each(|told| found.take_known(told));
            }
            "gen_ai.system.message" => messages.input.push(message("system", event.attributes)),
            "gen_ai.user.message" => messages.input.push(message("user", event.attributes)),
            "gen_ai.assistant.message" => {
                messages.input.push(message("assistant", event.attributes));
            }
            "gen_ai.tool.message" => messages.input.push(message("tool", event.attributes)),
            "gen_ai.choice" => messages.output.push(message("assistant", event.attributes)),
            "First Token Stream Event"
            | "gen_ai.content.completion.chunk"
            | "llm.content.completion.chunk" => {
                messages.first_token_nanos.get_or_insert(event.time_unix_nano);
            }
            _ => {}
        }
        found.is_ai_work |= !messages.input.is_empty() || !messages.output.is_empty();
    }
    messages
}

/// A message as an object. Azure's SDKs tell its body as JSON text in one attribute.
fn message(role: &str, attributes: Vec<KeyValue>) -> Json {
    let mut message = Map::new();
    message.insert("role".to_owned(), Json::from(role));
    for attribute in attributes {
        let Some(told) = attribute.value.and_then(|value| value.value) else { continue };
        match (attribute.key.as_str(), value::structure(told)) {
            ("gen_ai.system" | "gen_ai.provider.name", _) => {}
            ("gen_ai.event.content", Json::Object(body)) => message.extend(body),
            (key, told) => {
                message.insert(key.to_owned(), told);
            }
        }
    }
    Json::Object(message)
}
