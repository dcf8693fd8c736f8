//! JSON Schema → a value that it admits, and values that it does not. Knows what our documents use
//! of JSON Schema 2020-12, and nothing of the service.

use serde_json::{Map, Value, json};

/// A value that its schema does not admit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Broken {
    /// Where, as a JSON pointer (RFC 6901); `""` is the whole.
    pub(super) pointer: String,
    /// What is wrong.
    pub(super) fault: &'static str,
    /// The whole value, which is good elsewhere.
    pub(super) value: Value,
}

impl Broken {
    fn new(fault: &'static str, value: impl Into<Value>) -> Self {
        Self { pointer: String::new(), fault, value: value.into() }
    }

    /// The same fault below `name` of what `around` makes of the value.
    fn within(self, name: &str, around: impl FnOnce(Value) -> Value) -> Self {
        let pointer = format!("/{name}{}", self.pointer);
        Self { pointer, fault: self.fault, value: around(self.value) }
    }
}

/// A schema in the document that its references point into.
#[derive(Clone, Copy)]
pub(super) struct Schema<'a> {
    document: &'a Value,
    node: &'a Value,
}

impl<'a> Schema<'a> {
    pub(super) fn new(document: &'a Value, node: &'a Value) -> Self {
        Self { document, node }.resolved()
    }

    /// A value that it admits, with nothing that may be left out.
    pub(super) fn example(self) -> Value {
        if let Some(known) = self.node.get("const") {
            return known.clone();
        }
        if let Some(first) = self.list("enum").first() {
            return first.clone();
        }
        match self.kind() {
            Some("object") => self.object(),
            Some("array") => {
                json!(vec![self.at("items").example(); self.bound("minItems").max(1)])
            }
            Some("integer" | "number") => json!(self.bound("minimum")),
            Some("boolean") => json!(true),
            Some("string") if self.text("format") == Some("date-time") => {
                json!("2026-01-01T00:00:00Z")
            }
            Some("string") => json!("a".repeat(self.bound("minLength").max(1))),
            _ => Value::Null,
        }
    }

    /// Values that are wrong in one place each: everything that can be, as far as the schema says.
    pub(super) fn broken(self) -> Vec<Broken> {
        let mut broken = self.broken_kind();
        broken.extend(self.broken_text());
        broken.extend(self.broken_number());
        broken.extend(self.broken_array());
        broken.extend(self.broken_object());
        broken
    }

    /// Values of other JSON types.
    fn broken_kind(self) -> Vec<Broken> {
        if self.node.get("const").is_some() || !self.list("enum").is_empty() {
            return vec![Broken::new("no known value", "no-such-value")];
        }
        let other = |value: Value| vec![Broken::new("of another type", value)];
        match self.kind() {
            Some("object") => other(json!([])),
            Some("string") => other(json!(7)),
            Some(_) => other(json!("no-such-value")),
            None => Vec::new(),
        }
    }

    fn broken_text(self) -> Vec<Broken> {
        let mut broken = Vec::new();
        if self.kind() != Some("string") {
            return broken;
        }
        if let Some(most) = self.number("maxLength") {
            broken.push(Broken::new("too long", "a".repeat(most as usize + 1)));
        }
        if self.bound("minLength") > 0 {
            broken.push(Broken::new("empty", ""));
        }
        if self.text("pattern").is_some() {
            broken.push(Broken::new("against the pattern", "~ / ~"));
        }
        if self.text("format") == Some("date-time") {
            broken.push(Broken::new("no time", "yesterday"));
            broken.push(Broken::new("no such day", "2026-02-30T00:00:00Z"));
        }
        broken
    }

    fn broken_number(self) -> Vec<Broken> {
        let mut broken = Vec::new();
        if !matches!(self.kind(), Some("integer" | "number")) {
            return broken;
        }
        if let Some(most) = self.number("maximum") {
            broken.push(Broken::new("over the maximum", most as i64 + 1));
        }
        if let Some(least) = self.number("minimum") {
            broken.push(Broken::new("under the minimum", least as i64 - 1));
        }
        if self.kind() == Some("integer") {
            broken.push(Broken::new("a fraction", 1.5));
        }
        broken
    }

    fn broken_array(self) -> Vec<Broken> {
        if self.kind() != Some("array") {
            return Vec::new();
        }
        let inside = self.at("items").broken().into_iter();
        let mut broken: Vec<_> = inside.map(|it| it.within("0", |value| json!([value]))).collect();
        if let Some(most) = self.number("maxItems") {
            let items = vec![self.at("items").example(); most as usize + 1];
            broken.push(Broken::new("too many items", items));
        }
        if self.bound("minItems") > 0 {
            broken.push(Broken::new("no items", json!([])));
        }
        broken
    }

    fn broken_object(self) -> Vec<Broken> {
        let mut broken = Vec::new();
        if self.kind() != Some("object") {
            return broken;
        }
        let with = |name: &str, value: Value| -> Value {
            let mut object = self.object();
            object[name] = value;
            object
        };
        if self.node.get("additionalProperties") == Some(&json!(false)) {
            let value = with("no_such_field", json!(1));
            broken.push(Broken::new("an unknown field", value).within("no_such_field", |it| it));
        }
        for name in self.list("required").iter().filter_map(Value::as_str) {
            let mut object = self.object();
            object.as_object_mut().unwrap().remove(name);
            broken.push(Broken::new("missing", object).within(name, |it| it));
        }
        for (name, node) in self.properties() {
            let inside = Schema::new(self.document, node).broken();
            broken.extend(inside.into_iter().map(|it| it.within(name, |value| with(name, value))));
        }
        broken
    }

    fn object(self) -> Value {
        let required = self.list("required").iter().filter_map(Value::as_str);
        let member = |name: &str| {
            let node = &self.node["properties"][name];
            (name.to_owned(), Schema::new(self.document, node).example())
        };
        Value::Object(required.map(member).collect::<Map<_, _>>())
    }

    /// What stands behind references, and beside `null`.
    fn resolved(self) -> Self {
        if let Some(reference) = self.text("$ref") {
            let pointer = reference.strip_prefix('#').expect("a reference into the document");
            let node = self.document.pointer(pointer).expect("what a reference names");
            return Self { node, ..self }.resolved();
        }
        let other = ["oneOf", "anyOf"].into_iter().flat_map(|name| self.list(name));
        let mut other = other.filter(|node| node["type"] != "null");
        match (other.next(), other.next()) {
            (Some(node), None) => Self { node, ..self }.resolved(),
            _ => self,
        }
    }

    /// The type that is not `null`; none if any will do.
    fn kind(self) -> Option<&'a str> {
        match self.node.get("type")? {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|it| *it != "null"),
            kind => kind.as_str(),
        }
    }

    fn at(self, name: &str) -> Self {
        Self::new(self.document, &self.node[name])
    }

    fn properties(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.node["properties"].as_object().into_iter().flatten()
    }

    fn list(self, name: &str) -> &'a [Value] {
        self.node.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.node.get(name)?.as_str()
    }

    fn number(self, name: &str) -> Option<f64> {
        self.node.get(name)?.as_f64()
    }

    fn bound(self, name: &str) -> usize {
        self.number(name).map_or(0, |number| number as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(node: &Value) -> Vec<(String, Value)> {
        let document = json!({"$defs": {"short": {"type": "string", "maxLength": 2}}});
        let broken = Schema::new(&document, node).broken();
        broken.into_iter().map(|it| (it.pointer, it.value)).collect()
    }

    #[test]
    fn a_text_is_broken_by_its_type_its_length_and_its_pattern() {
        let node = json!({"type": ["string", "null"], "minLength": 1, "pattern": "^a$"});
        assert_eq!(of(&node), [json!(7), json!(""), json!("~ / ~")].map(|it| (String::new(), it)));
        let by_reference = json!({"oneOf": [{"$ref": "#/$defs/short"}, {"type": "null"}]});
        assert_eq!(of(&by_reference), [json!(7), json!("aaa")].map(|it| (String::new(), it)));
    }

    #[test]
    fn an_object_is_broken_in_one_place_at_a_time() {
        let node = json!({"type": "object", "additionalProperties": false, "required": ["n"],
            "properties": {"n": {"type": "integer", "maximum": 5}, "s": {"enum": ["x"]}}});
        let expected = [
            ("", json!([])),
            ("/no_such_field", json!({"n": 0, "no_such_field": 1})),
            ("/n", json!({})),
            ("/n", json!({"n": "no-such-value"})),
            ("/n", json!({"n": 6})),
            ("/n", json!({"n": 1.5})),
            ("/s", json!({"n": 0, "s": "no-such-value"})),
        ];
        assert_eq!(of(&node), expected.map(|(pointer, value)| (pointer.to_owned(), value)));
    }

    #[test]
    fn what_is_wrong_with_an_item_is_found_at_its_place() {
        let node = json!({"type": "array", "items": {"$ref": "#/$defs/short"}, "minItems": 1});
        let places: Vec<String> = of(&node).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(places, ["", "/0", "/0", ""]);
    }

    #[test]
    fn where_every_value_is_good_none_is_broken() {
        assert_eq!(of(&json!({})), []);
    }
}
