//! The attributes that an event keeps, bounded in number and size.

use invocation::Attributes;
use serde_json::{Map, Value};

const MAX_KEYS: usize = 256 - OWN_KEYS;
/// Kept free for what the engine adds itself.
const OWN_KEYS: usize = 4;
const MAX_KEY_BYTES: usize = 256;
const MAX_VALUE_BYTES: usize = 4096;
const MAX_MESSAGE_BYTES: usize = 2048;
const MAX_DEPTH: usize = 12;

/// Stands in the place of a value that is too large. It is never cut: half of a name or number is
/// still patient data, and no scanner would know it.
const OMITTED: &str = "[OMITTED: TOO LARGE]";

/// The attributes of one event.
#[derive(Default)]
pub(crate) struct Bounded(Vec<(String, Value)>);

impl Bounded {
    /// Adds what the client told, unless that is too much.
    pub(crate) fn add(&mut self, key: String, value: Value) {
        if self.0.len() < MAX_KEYS && (1..=MAX_KEY_BYTES).contains(&key.len()) {
            self.0.push((key, within(MAX_VALUE_BYTES, value)));
        }
    }

    /// Adds one of the engine's own, unless it is empty.
    pub(crate) fn add_own(&mut self, key: &str, text: String) {
        if !text.is_empty() {
            self.0.push((key.to_owned(), within(MAX_VALUE_BYTES, Value::String(text))));
        }
    }

    /// Adds an error's message, one of the engine's own too.
    pub(crate) fn add_message(&mut self, key: &str, text: String) {
        self.0.push((key.to_owned(), within(MAX_MESSAGE_BYTES, Value::String(text))));
    }

    /// All of them. They are within the bounds of an event's by construction.
    pub(crate) fn into_attributes(self) -> Attributes {
        let map: Map<String, Value> = self.0.into_iter().collect();
        Attributes::try_from(map).unwrap_or_default()
    }
}

fn within(bytes: usize, value: Value) -> Value {
    match left(bytes, &value, MAX_DEPTH) {
        Some(_) => value,
        None => Value::String(OMITTED.to_owned()),
    }
}

/// What is left of `budget` bytes after `value`; `None` when it does not fit.
fn left(budget: usize, value: &Value, depth: usize) -> Option<usize> {
    let budget = budget.checked_sub(match value {
        Value::String(text) => text.len(),
        _ => 8,
    })?;
    match value {
        Value::Array(items) => {
            let depth = depth.checked_sub(1)?;
            items.iter().try_fold(budget, |budget, item| left(budget, item, depth))
        }
        Value::Object(map) => {
            let depth = depth.checked_sub(1)?;
            map.iter().try_fold(budget, |budget, (key, item)| {
                left(budget.checked_sub(key.len())?, item, depth)
            })
        }
        _ => Some(budget),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn large_values_are_left_out_not_cut() {
        let mut bounded = Bounded::default();
        bounded.add("fits".to_owned(), json!("x".repeat(4096)));
        bounded.add("long".to_owned(), json!("x".repeat(4097)));
        bounded.add("many".to_owned(), json!(vec![1; 600]));
        bounded.add("deep".to_owned(), (0..20).fold(json!(1), |inner, _| json!([inner])));
        bounded.add_message("message", "x".repeat(2049));
        let attributes = bounded.into_attributes();
        let map = attributes.as_map();
        assert_eq!(map["fits"], json!("x".repeat(4096)));
        for key in ["long", "many", "deep", "message"] {
            assert_eq!(map[key], json!(OMITTED), "{key}");
        }
    }

    #[test]
    fn there_are_at_most_256() {
        let mut bounded = Bounded::default();
        (0..300).for_each(|n| bounded.add(n.to_string(), json!(n)));
        bounded.add("k".repeat(257), json!(1));
        for key in ["span.name", "otel.scope.name", "service.name"] {
            bounded.add_own(key, "own".to_owned());
        }
        bounded.add_message("exception.message", "own".to_owned());
        assert_eq!(bounded.into_attributes().as_map().len(), 256);
    }
}
