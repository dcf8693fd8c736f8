//! What the service tells of itself: to Sentry, to a collector of traces, in metrics, as alerts.

mod agents;
mod alerts;
mod history;
mod metrics;
mod sentry;
mod settings;
mod silence;
mod traces;

use serde_json::Value;
use tests::{Answer, Client, KEY, PROJECT, Posted, Receiver, Service, eventually};

/// A person whom nothing may name.
pub(crate) const CANARY: &str = "margaret.oyelaran@clinic.example";

/// The DSN of the project 7 at a receiver.
pub(crate) fn dsn(receiver: &Receiver) -> String {
    format!("http://public-key@{}/7", receiver.address())
}

/// The project's row is damaged: whoever needs its settings fails, and the cause quotes a person.
pub(crate) fn damage(service: &Service) {
    let broken = format!("UPDATE projects SET settings = '{{\"content_policy\": \"{CANARY}\"}}'");
    service.database().execute(&broken);
}

/// A request that fails, when what was read before is forgotten: its id.
pub(crate) fn failed(client: &Client) -> String {
    eventually("the damage is noticed", || {
        let answer = client.get(&format!("{PROJECT}/invocations/{CANARY}"));
        (answer.status == 500).then(|| answer.header("x-request-id").unwrap().to_owned())
    })
}

/// A request by a method that no standard has, and what is answered.
pub(crate) fn by_other_method(service: &Service, path: &str) -> Answer {
    let head = format!(
        "MARGARET {path} HTTP/1.1\r\nhost: margaret.example\r\nauthorization: Bearer {KEY}\r\n\
         connection: close\r\n\r\n"
    );
    service.raw(head.as_bytes())
}

/// The events in Sentry's envelopes: a line of JSON, then for each item a line that has its length,
/// and the item.
pub(crate) fn events(posted: &[Posted]) -> Vec<Value> {
    posted.iter().flat_map(|envelope| items(&envelope.body)).collect()
}

fn items(body: &[u8]) -> Vec<Value> {
    let line = |rest: &[u8]| rest.iter().position(|it| *it == b'\n').unwrap_or(rest.len());
    let mut rest = &body[(line(body) + 1).min(body.len())..];
    let mut items = Vec::new();
    while !rest.is_empty() {
        let end = line(rest);
        let head: Value = serde_json::from_slice(&rest[..end]).unwrap();
        let length = head["length"].as_u64().unwrap() as usize;
        let item = &rest[end + 1..][..length];
        if head["type"] == "event" {
            items.push(serde_json::from_slice(item).unwrap());
        }
        rest = &rest[(end + 1 + length + 1).min(rest.len())..];
    }
    items
}
