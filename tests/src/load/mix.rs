//! A mix of requests, as a team and its agents send them.

use super::Request;
use crate::{KEY, PROJECT, bodies};
use serde_json::json;
use std::net::SocketAddr;

/// What people and agents do: they record calls one by one and in batches, by REST and by OTLP, and
/// look at what was recorded.
pub fn mix(address: SocketAddr) -> Vec<Request> {
    let event = bodies::with(bodies::event("x"), json!({"event_id": null}));
    let batch = json!({"events": vec![event.clone(); 20]});
    let span = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat",
        "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000",
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                       {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o-mini"}}]
    }]}]}]});
    let key = format!("authorization: Bearer {KEY}\r\n");
    let post = |path: &str, body: &serde_json::Value| {
        Request::new(address, &format!("POST {path}"), &key, &body.to_string())
    };
    let get = |path: &str| Request::get(address, path, KEY);
    vec![
        post(&format!("{PROJECT}/invocations"), &event),
        get(&format!("{PROJECT}/invocations?limit=20")),
        post(&format!("{PROJECT}/invocations"), &batch),
        get(&format!("{PROJECT}/costs?group_by=model")),
        post("/v1/traces", &span),
        get(PROJECT),
        post(&format!("{PROJECT}/invocations"), &event),
        get(&format!("{PROJECT}/runs?limit=5")),
        get("/ready"),
        get("/metrics"),
    ]
}
