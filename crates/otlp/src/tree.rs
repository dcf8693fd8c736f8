//! Structures that were flattened into one attribute per leaf: `0.message.role`, `0.message.content`.

use serde_json::{Map, Value};

/// Deeper paths are not followed: what remains of one is a single name.
const MAX_DEPTH: usize = 16;

/// Builds the structure from the leaves' paths. Numbered branches become arrays, in the order of
/// their numbers; OpenInference's wrappers (`[{"message": {…}}]`) are taken off.
pub(crate) fn grow(leaves: impl IntoIterator<Item = (String, Value)>) -> Value {
    let mut root = Map::new();
    for (path, leaf) in leaves {
        // An embedding's vector stands among its texts; it is an output, and no text.
        if !path.ends_with(".vector") {
            insert(&mut root, &path, leaf);
        }
    }
    settle(Value::Object(root))
}

fn insert(mut branch: &mut Map<String, Value>, path: &str, leaf: Value) {
    let mut segments = path.splitn(MAX_DEPTH, '.').peekable();
    while let Some(segment) = segments.next() {
        if segments.peek().is_none() {
            branch.insert(segment.to_owned(), leaf);
            return;
        }
        let next = branch.entry(segment).or_insert_with(|| Value::Object(Map::new()));
        // A leaf where others have a branch, which no SDK sends: it stands under no name.
        if !next.is_object() {
            let leaf = next.take();
            *next = Value::Object(Map::from_iter([(String::new(), leaf)]));
        }
        let Value::Object(inner) = next else { return };
        branch = inner;
    }
}

fn settle(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    match numbered(&map) {
        Some(order) => {
            let mut map = map;
            let items = order.iter().filter_map(|(_, key)| map.remove(key));
            items.map(|item| settle(unwrapped(item))).collect()
        }
        None => Value::Object(map.into_iter().map(|(key, item)| (key, settle(item))).collect()),
    }
}

/// The keys in order, if all are numbers.
fn numbered(map: &Map<String, Value>) -> Option<Vec<(u64, String)>> {
    let parsed = map.keys().map(|key| Some((key.parse().ok()?, key.clone())));
    let mut order = parsed.collect::<Option<Vec<_>>>().filter(|order| !order.is_empty())?;
    order.sort_unstable();
    Some(order)
}

fn unwrapped(item: Value) -> Value {
    match item {
        Value::Object(map) if map.len() == 1 && map.values().all(Value::is_object) => {
            map.into_iter().next().map_or(Value::Null, |(_, inner)| inner)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn grown(leaves: &[(&str, Value)]) -> Value {
        grow(leaves.iter().map(|(path, leaf)| ((*path).to_owned(), leaf.clone())))
    }

    #[test]
    fn messages_grow_back() {
        let leaves = [
            ("1.message.content", json!("hello")),
            ("0.message.role", json!("system")),
            ("1.message.role", json!("user")),
            ("1.message.tool_calls.0.tool_call.function.name", json!("search")),
            ("10.message.role", json!("assistant")),
            ("2.message.contents.0.message_content.text", json!("part")),
        ];
        assert_eq!(
            grown(&leaves),
            json!([
                {"role": "system"},
                {"role": "user", "content": "hello", "tool_calls": [{"function": {"name": "search"}}]},
                {"contents": [{"text": "part"}]},
                {"role": "assistant"},
            ])
        );
    }

    #[test]
    fn a_huge_number_or_depth_costs_nothing() {
        assert_eq!(grown(&[("99999999999.a", json!(1))]), json!([{"a": 1}]));
        let deep = vec!["0"; 100_000].join(".");
        let value = grown(&[(&deep, json!(1))]);
        assert!(value.to_string().len() > 100_000);
    }

    #[test]
    fn leaf_and_branch_of_one_name_are_both_kept() {
        let text = grown(&[("a", json!("leaf")), ("a.b", json!("twig"))]).to_string();
        assert!(text.contains("leaf") && text.contains("twig"));
    }
}
