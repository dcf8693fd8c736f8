//! What four SDKs sent (tests/python/capture_fixtures.py) becomes what they meant.

use crate::common::NOW;
use invocation::Event;
use otlp::{Batch, Encoding};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const SDKS: [&str; 4] = ["opentelemetry", "openinference", "traceloop", "langfuse"];

pub(crate) fn bodies(sdk: &str) -> Vec<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let path = |n| fixtures.join(format!("{sdk}.{n}.bin"));
    (0..).map_while(|n| fs::read(path(n)).ok()).collect()
}

fn batch(sdk: &str) -> Batch {
    let mut all = Batch::default();
    for body in bodies(sdk) {
        let batch = otlp::events(otlp::decode(&body, Encoding::Protobuf).unwrap(), NOW);
        all.events.extend(batch.events);
        all.skipped += batch.skipped;
    }
    all
}

fn printed(sdk: &str) -> Value {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    serde_json::from_slice(&fs::read(fixtures.join(format!("{sdk}.json"))).unwrap()).unwrap()
}

/// The fields that an emitter may expect.
fn told(event: &Event) -> Value {
    let usage = &event.usage;
    json!({
        "operation": event.operation,
        "provider": event.provider,
        "model": event.model,
        "response_model": event.response_model,
        "agent": event.agent,
        "tool": event.tool,
        "tier": event.tier,
        "client_sequence": event.client_sequence,
        "conversation_id": event.conversation_id,
        "run_id": event.run_id,
        "stage": event.stage,
        "status": event.status,
        "error_type": event.error_type,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cost_usd": event.cost_usd,
    })
}

#[test]
fn every_span_tells_what_its_emitter_meant() {
    for sdk in SDKS {
        let batch = batch(sdk);
        let events: Vec<Event> = batch.events.into_iter().map(Result::unwrap).collect();
        let by_id: BTreeMap<&str, &Event> =
            events.iter().map(|event| (event.event_id.as_ref().unwrap().as_str(), event)).collect();
        let printed = printed(sdk);
        let expected = printed["spans"].as_array().unwrap();
        for span in expected {
            let found = told(by_id[span["event_id"].as_str().unwrap()]);
            for (field, value) in span.as_object().unwrap().iter().filter(|(f, _)| *f != "event_id")
            {
                assert_eq!(&found[field], value, "{sdk}: {field} of {span}");
            }
        }
        let nested = printed["nested"].as_array().unwrap().len();
        assert_eq!(events.len(), expected.len() + nested, "{sdk}");
        assert_eq!(batch.skipped as usize, printed["skipped"].as_array().unwrap().len(), "{sdk}");
    }
}

#[test]
fn content_is_nowhere_but_in_input_and_output() {
    for sdk in SDKS {
        let printed = printed(sdk);
        let secrets: Vec<&str> =
            printed["secrets"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let mut keys_with_secrets = BTreeSet::new();
        let mut contents = 0;
        for event in batch(sdk).events.into_iter().map(Result::unwrap) {
            contents += usize::from(event.input.is_some()) + usize::from(event.output.is_some());
            for (key, value) in event.attributes.as_map() {
                let text = value.to_string();
                if secrets.iter().any(|secret| text.contains(secret)) {
                    keys_with_secrets.insert(key.clone());
                }
            }
        }
        // What users put into attributes of their own is for the gate to find.
        let users: &[&str] = match sdk {
            "opentelemetry" => &["exception.message", "note"],
            "openinference" => &["metadata"],
            "traceloop" => &["traceloop.association.properties.nurse"],
            _ => &["exception.message", "langfuse.observation.metadata.nurse"],
        };
        assert_eq!(keys_with_secrets, users.iter().map(|key| (*key).to_owned()).collect(), "{sdk}");
        assert!(contents > 15, "{sdk}: {contents}");
    }
}

#[test]
fn streamed_calls_tell_when_the_first_token_came() {
    for sdk in SDKS {
        let events = batch(sdk).events.into_iter().map(Result::unwrap);
        let timed = events.filter(|event| event.time_to_first_token_ms.is_some()).count();
        assert!(timed >= 1, "{sdk}");
    }
}
