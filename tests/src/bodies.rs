//! Bodies that the tests send.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

/// An event that a real client might send, `id` its id.
pub fn event(id: &str) -> Value {
    json!({
        "event_id": id,
        "run_id": "run-1",
        "stage": "screening",
        "operation": "chat",
        "provider": "openai",
        "model": "gpt-4o-mini",
        "tier": "mini",
        "agent": "screener",
        "status": "ok",
        "latency_ms": 812.5,
        "usage": {"input_tokens": 1200, "output_tokens": 80, "cache_read_tokens": 1000},
        "input": "Which inclusion criteria does the protocol name?",
        "output": "Three: age, stage and prior therapy.",
        "tags": ["screening", "pilot"],
        "attributes": {"temperature": 0.2}
    })
}

/// `count` events with the ids `<prefix>-0`, `<prefix>-1`, ….
pub fn events(prefix: &str, count: usize) -> Value {
    json!({"events": (0..count).map(|n| event(&format!("{prefix}-{n}"))).collect::<Vec<_>>()})
}

/// `event` with some of its fields replaced; a null removes one.
///
/// # Panics
/// `changes` is no object.
pub fn with(mut event: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    let fields = event.as_object_mut().expect("an event is an object");
    for (name, value) in changes {
        match value {
            Value::Null => fields.remove(&name),
            value => fields.insert(name, value),
        };
    }
    event
}

/// One JSON value a line.
pub fn ndjson(events: &[Value]) -> Vec<u8> {
    events.iter().flat_map(|event| format!("{event}\n").into_bytes()).collect()
}

/// Compressed by gzip.
///
/// # Panics
/// Memory does not fail here.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// `megabytes` of spaces in about a thousandth of that: a decompression bomb.
///
/// # Panics
/// Memory does not fail here.
pub fn bomb(megabytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..megabytes {
        encoder.write_all(&spaces).expect("memory");
    }
    encoder.finish().expect("memory")
}
