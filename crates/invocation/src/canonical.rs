//! Canonical JSON (RFC 8785) of records, fast where records are ordinary.
//!
//! A record's fields are declared in the order of their names and its maps are sorted, so writing it
//! out is canonical already but for two things: how a number that is not a small integer is spelled,
//! which the formatter here takes care of, and the order of names beyond U+D7FF, where UTF-8 and
//! UTF-16 sort differently. Whatever may be such a case goes through the full canonicaliser.

use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// The canonical bytes of a value whose structs declare their fields in the order of their names.
pub(crate) fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(1024);
    let mut json = serde_json::Serializer::with_formatter(&mut bytes, Numbers);
    let written = value.serialize(&mut json);
    let first_beyond_d7ff = 0xee;
    match written {
        Ok(()) if bytes.iter().all(|byte| *byte < first_beyond_d7ff) => Ok(bytes),
        _ => serde_json_canonicalizer::to_vec(value),
    }
}

/// Writes numbers as ECMAScript does, which RFC 8785 follows (3.2.2.3).
struct Numbers;

/// Integers up to here are spelled the same as doubles.
const EXACT: u64 = 1 << 53;

fn beyond() -> io::Error {
    io::Error::other("an integer that a double does not hold")
}

impl Formatter for Numbers {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(ryu_js::Buffer::new().format_finite(value).as_bytes())
    }

    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value > EXACT {
            return Err(beyond());
        }
        writer.write_all(itoa::Buffer::new().format(value).as_bytes())
    }

    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() > EXACT {
            return Err(beyond());
        }
        writer.write_all(itoa::Buffer::new().format(value).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..8).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_what_the_full_canonicaliser_writes(value in any_json()) {
            prop_assert_eq!(to_vec(&value).unwrap(), serde_json_canonicalizer::to_vec(&value).unwrap());
        }
    }

    #[test]
    fn names_sort_by_utf16() {
        let value = json!({ "\u{20ac}": 1, "\u{fb33}": 2, "\u{1f600}": 3 });
        assert_eq!(
            to_vec(&value).unwrap(),
            "{\"\u{20ac}\":1,\"\u{1f600}\":3,\"\u{fb33}\":2}".as_bytes()
        );
    }
}
