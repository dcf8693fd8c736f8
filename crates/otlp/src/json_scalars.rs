//! The leaves of OTLP's JSON: where it differs from plain JSON. No error here quotes a value.

use crate::json::{Attribute, list};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValueList, any_value::Value,
};
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// A trace or span id: hex digits of either case.
pub(crate) struct Hex(pub(crate) Vec<u8>);

/// A 64-bit integer, as text (Protobuf's mapping) or as a number.
pub(crate) struct Integer<T>(pub(crate) T);

/// An enumeration's value: a number in OTLP; its name is tolerated.
pub(crate) enum Enumeration {
    Number(i32),
    Name(String),
}

/// `AnyValue`: an object whose one known key is the type.
pub(crate) struct AnyJson(Option<Value>);

/// A double, also as text: `"NaN"`, `"Infinity"`, `"-Infinity"`.
struct Double(f64);

impl From<AnyJson> for AnyValue {
    fn from(json: AnyJson) -> Self {
        Self { value: json.0 }
    }
}

/// A visitor of texts and numbers that knows what it expects.
struct Scalar<T>(&'static str, PhantomData<T>);

impl<T> Scalar<T> {
    const fn of(expected: &'static str) -> Self {
        Self(expected, PhantomData)
    }
}

/// What can be made of a text or a number.
trait FromScalar: Sized {
    fn from_text(text: &str) -> Option<Self>;
    fn from_integer(_: i128) -> Option<Self> {
        None
    }
    fn from_double(_: f64) -> Option<Self> {
        None
    }
}

impl<T: FromScalar> Visitor<'_> for Scalar<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text).ok_or_else(|| fault(self.0))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        T::from_integer(number.into()).ok_or_else(|| fault(self.0))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        T::from_integer(number.into()).ok_or_else(|| fault(self.0))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        T::from_double(number).ok_or_else(|| fault(self.0))
    }
}

fn fault<E: de::Error>(expected: &str) -> E {
    E::custom(format_args!("expected {expected}"))
}

impl FromScalar for Hex {
    fn from_text(text: &str) -> Option<Self> {
        hex::decode(text).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar::of("an id in hex digits"))
    }
}

impl<T: FromStr + TryFrom<i128>> FromScalar for Integer<T> {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn from_integer(number: i128) -> Option<Self> {
        T::try_from(number).ok().map(Self)
    }
}

impl<'de, T: FromStr + TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar::of("a 64-bit integer, as text or number"))
    }
}

impl FromScalar for Enumeration {
    fn from_text(text: &str) -> Option<Self> {
        Some(Self::Name(text.to_owned()))
    }

    fn from_integer(number: i128) -> Option<Self> {
        i32::try_from(number).ok().map(Self::Number)
    }
}

impl<'de> Deserialize<'de> for Enumeration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar::of("the number of an enumeration's value"))
    }
}

impl FromScalar for Double {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    #[expect(clippy::cast_precision_loss, reason = "JSON writes whole doubles as integers")]
    fn from_integer(number: i128) -> Option<Self> {
        Some(Self(number as f64))
    }

    fn from_double(number: f64) -> Option<Self> {
        Some(Self(number))
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar::of("a number"))
    }
}

#[derive(Deserialize)]
struct ArrayJson {
    values: Option<Vec<AnyJson>>,
}

#[derive(Deserialize)]
struct ListJson {
    values: Option<Vec<Attribute>>,
}

impl<'de> Deserialize<'de> for AnyJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyVisitor;

        impl<'de> Visitor<'de> for AnyVisitor {
            type Value = AnyJson;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object such as {\"stringValue\": …}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyJson, A::Error> {
                let mut found = None;
                while let Some(key) = map.next_key::<String>()? {
                    if let Some(value) = any_value(&key, &mut map)? {
                        found = Some(value);
                    }
                }
                Ok(AnyJson(found))
            }
        }
        deserializer.deserialize_map(AnyVisitor)
    }
}

fn any_value<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Option<Value>, A::Error> {
    Ok(match key {
        "stringValue" => map.next_value::<Option<String>>()?.map(Value::StringValue),
        "boolValue" => map.next_value::<Option<bool>>()?.map(Value::BoolValue),
        "intValue" => map.next_value::<Option<Integer<i64>>>()?.map(|n| Value::IntValue(n.0)),
        "doubleValue" => map.next_value::<Option<Double>>()?.map(|n| Value::DoubleValue(n.0)),
        "arrayValue" => map
            .next_value::<Option<ArrayJson>>()?
            .map(|array| Value::ArrayValue(ArrayValue { values: list(array.values) })),
        "kvlistValue" => map
            .next_value::<Option<ListJson>>()?
            .map(|pairs| Value::KvlistValue(KeyValueList { values: list(pairs.values) })),
        "bytesValue" => match map.next_value::<Option<String>>()? {
            Some(text) => {
                let bytes = STANDARD.decode(text).map_err(|_| fault("bytes in base64"))?;
                Some(Value::BytesValue(bytes))
            }
            None => None,
        },
        _ => {
            map.next_value::<IgnoredAny>()?;
            None
        }
    })
}
