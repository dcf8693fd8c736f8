//! JSON → types, with faults that name the field and never quote its value.

use crate::{FieldProblem, pointer_to};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};
use std::fmt;
use std::marker::PhantomData;

/// Parses a type that cannot hold bad data.
///
/// # Errors
/// What is wrong first, with a pointer to it.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, FieldProblem> {
    match serde_json::from_str::<Object<T>>(text) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(pointed::<T>(text, &error)),
    }
}

/// A type that is read from a JSON object and from nothing else: serde's derive would take an array
/// of the fields' values too.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

/// For fields: `#[serde(deserialize_with = "object")]`.
///
/// # Errors
/// The field holds anything but an object.
pub fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Fields<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Fields<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(de::value::MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_map(Fields(PhantomData))
}

/// Any JSON in whose objects no name stands twice; of such `serde_json` would keep the last.
pub(crate) struct Distinct(pub(crate) Value);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(Self)
    }
}

struct Anything;

impl<'de> de::Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, told: bool) -> Result<Value, E> {
        Ok(told.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Distinct(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key_seed(New(&members))? {
            let Distinct(value) = object.next_value()?;
            members.insert(name, value);
        }
        Ok(members.into())
    }
}

/// A name that none of these has. It is refused while it is read, so that the fault points at it.
struct New<'a>(&'a Map<String, Value>);

impl<'de> de::DeserializeSeed<'de> for New<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        if self.0.contains_key(&name) {
            return Err(de::Error::custom("stands twice"));
        }
        Ok(name)
    }
}

/// The fault with its pointer: parses again with the path tracked, which the good case need not pay.
pub(crate) fn pointed<'a, T: Deserialize<'a>>(
    text: &'a str,
    error: &serde_json::Error,
) -> FieldProblem {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return FieldProblem::malformed(format!("is not valid JSON: {error}"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Object<T>>(&mut json) {
        Err(tracked) => describe(&pointer(tracked.path()), tracked.inner()),
        Ok(_) => describe("", error),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&pointer_to(key)),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Serde's words without the value, which may be patient data.
fn describe(pointer: &str, error: &serde_json::Error) -> FieldProblem {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words);
    let named = |words| {
        let rest = text.strip_prefix(words)?.strip_prefix(" field `")?;
        // After the name serde tells those that it knows, if it knows any.
        let end = rest.find("`, expected").or_else(|| rest.rfind("`, there are no fields"));
        let name = end.map_or(rest.trim_end_matches('`'), |end| &rest[..end]);
        Some(pointer_to(name))
    };
    if let Some(below) = named("missing") {
        return FieldProblem::new(format!("{pointer}{below}"), "is missing");
    }
    // Of these two serde points at the field itself, or at the object that it is in.
    for (words, detail) in [("unknown", "is not a known field"), ("duplicate", "stands twice")] {
        if let Some(below) = named(words) {
            let below = if pointer.ends_with(&below) { "" } else { &below };
            return FieldProblem::new(format!("{pointer}{below}"), detail);
        }
    }
    let detail = match text.rsplit_once(", expected ") {
        Some((_, "a sequence")) => "must be a list".to_owned(),
        Some((_, expected)) => format!("must be {expected}"),
        // Of a number where a name of an enumeration stands.
        None if text == "expected value" => "must be a string".to_owned(),
        // JSON by its grammar, and no value: a lone surrogate, a number beyond all, too deep.
        None if error.is_syntax() => format!("cannot be read: {text}"),
        None => text.to_owned(),
    };
    FieldProblem::new(pointer, detail)
}
