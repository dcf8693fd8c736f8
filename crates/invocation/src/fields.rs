//! The field types of an event. Each refuses bad values where it is made, so nobody checks again.

use crate::json::Distinct;
use pricing::Usd;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Number, Value};
use std::fmt;

/// A text that names something: 1 to `MAX` characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// A name: a model, a stage, an agent.
pub type Label = Text<256>;
/// A tag.
pub type Tag = Text<128>;
/// An event's identity within its project, chosen by the client; for OTLP trace id and span id.
pub type EventId = Text<128>;

impl<const MAX: usize> Text<MAX> {
    /// The longest text that fits of what `raw` says: control characters become spaces, the ends
    /// are trimmed, the rest is cut. `None` when nothing is left. For sources that are not to be
    /// refused for a long name.
    pub fn fit(raw: &str) -> Option<Self> {
        let spaced = raw.chars().map(|c| if c.is_control() { ' ' } else { c });
        let cut: String = spaced.take(MAX).collect();
        Self::try_from(cut.trim().to_owned()).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = text.len() <= MAX || text.chars().count() <= MAX;
        match (text.is_empty(), fits, text.chars().any(char::is_control)) {
            (false, true, false) => Ok(Self(text)),
            _ => Err(format!("must have 1 to {MAX} characters and no control characters")),
        }
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

/// A W3C Trace Context id of `BYTES` bytes as lower-case hex, not all zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexId<const BYTES: usize>(String);

impl<const BYTES: usize> HexId<BYTES> {
    /// From the bytes on the wire; `None` when the length is wrong or all are zero.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let valid = bytes.len() == BYTES && bytes.iter().any(|byte| *byte != 0);
        valid.then(|| Self(hex::encode(bytes)))
    }

    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const BYTES: usize> TryFrom<String> for HexId<BYTES> {
    type Error = String;

    fn try_from(mut text: String) -> Result<Self, String> {
        text.make_ascii_lowercase();
        let hex = text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        if hex && text.bytes().any(|b| b != b'0') {
            return Ok(Self(text));
        }
        Err(format!("must be {} hex digits, not all zero", 2 * BYTES))
    }
}

impl<const BYTES: usize> From<HexId<BYTES>> for String {
    fn from(id: HexId<BYTES>) -> Self {
        id.0
    }
}

/// A whole number, at most 10¹² (so that sums fit every database's integers).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Count(u64);

/// A count of tokens.
pub type Tokens = Count;

impl Count {
    const MAX: u64 = 1_000_000_000_000;

    /// `None` above the bound.
    pub const fn new(count: u64) -> Option<Self> {
        if count <= Self::MAX { Some(Self(count)) } else { None }
    }

    /// The count.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fault = || de::Error::custom("must be a whole number from 0 to 1000000000000");
        whole(deserializer).and_then(Self::new).ok_or_else(fault)
    }
}

/// The version of the published schema that an event follows: there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = whole(deserializer).filter(|told| *told == u64::from(crate::SCHEMA_VERSION));
        told.map(|_| Self).ok_or_else(|| de::Error::custom("must be 1, the only version there is"))
    }
}

/// A whole number in whichever way JSON spells it: `1.0` and `1e3` are integers too (JSON Schema
/// 2020-12, 4.2.3). Spelled so, not beyond 2^53, where doubles begin to round.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole and within the range"
)]
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = Number::deserialize(deserializer).ok()?;
    let is_whole = |double: &f64| (0.0..=EXACT).contains(double) && double.fract() == 0.0;
    number.as_u64().or_else(|| number.as_f64().filter(is_whole).map(|double| double as u64))
}

/// A duration: milliseconds with up to three decimals outside, whole microseconds inside; at most
/// 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(u64);

impl Millis {
    const MAX_MICROS: u64 = 30 * 24 * 3_600 * 1_000_000;

    /// `None` above the bound.
    pub const fn from_micros(micros: u64) -> Option<Self> {
        if micros <= Self::MAX_MICROS { Some(Self(micros)) } else { None }
    }

    /// Microseconds.
    pub const fn micros(self) -> u64 {
        self.0
    }
}

impl Serialize for Millis {
    #[expect(clippy::cast_precision_loss, reason = "the bound is far below 2^53")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1000 {
            0 => serializer.serialize_u64(self.0 / 1000),
            _ => serializer.serialize_f64(self.0 as f64 / 1000.0),
        }
    }
}

impl<'de> Deserialize<'de> for Millis {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked first and is far below 2^53"
    )]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fault = || de::Error::custom("must be milliseconds from 0 to 2592000000 (30 days)");
        let millis = f64::deserialize(deserializer).map_err(|_| fault())?;
        let micros = (millis * 1000.0).round();
        if !(0.0..=Self::MAX_MICROS as f64).contains(&micros) {
            return Err(fault());
        }
        Ok(Self(micros as u64))
    }
}

/// For an event's cost: dollars in at most nine digits and nine decimals, as the published pattern
/// says. Other amounts may be more, or negative.
pub(crate) fn cost<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Usd>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let whole = text.split_once('.').map_or(&*text, |(whole, _)| whole);
    let fits = (1..=9).contains(&whole.len()) && !whole.starts_with('-');
    let cost = text.parse().ok().filter(|_| fits);
    cost.map(Some).ok_or_else(|| {
        de::Error::custom("must be dollars as a text of at most nine digits and nine decimals")
    })
}

/// The digest of an input or output: `<algorithm>:<hex>`, or hex alone, as a client computed it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HashRef(String);

impl HashRef {
    /// The keyed digest that the gate makes of a content.
    pub(crate) fn hmac_sha256(digest: &[u8]) -> Self {
        let mut text = String::with_capacity(12 + 2 * digest.len());
        text.push_str("hmac-sha256:");
        for byte in digest {
            for digit in [byte >> 4, byte & 0xf] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
            }
        }
        Self(text)
    }

    /// The digest with its algorithm.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HashRef {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (algorithm, digest) = text.split_once(':').unwrap_or(("sha256", &text));
        let named = (1..=32).contains(&algorithm.len())
            && algorithm.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let hex =
            (32..=128).contains(&digest.len()) && digest.bytes().all(|b| b.is_ascii_hexdigit());
        if named && hex {
            return Ok(Self(text));
        }
        Err("must be a digest of 32 to 128 hex digits, such as sha256:9f86d0…".to_owned())
    }
}

impl From<HashRef> for String {
    fn from(hash: HashRef) -> Self {
        hash.0
    }
}

/// What a client tells beside the known fields: a JSON object, at most 256 keys and 16 levels deep.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Attributes(pub(crate) Map<String, Value>);

impl Attributes {
    const MAX_KEYS: usize = 256;
    pub(crate) const MAX_DEPTH: usize = 16;

    /// The object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Map<String, Value>> for Attributes {
    type Error = String;

    fn try_from(map: Map<String, Value>) -> Result<Self, String> {
        if map.len() > Self::MAX_KEYS {
            return Err(format!("must have at most {} keys", Self::MAX_KEYS));
        }
        if map.values().any(|value| !within_depth(value, Self::MAX_DEPTH)) {
            return Err(format!("must be at most {} levels deep", Self::MAX_DEPTH));
        }
        Ok(Self(map))
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Distinct::deserialize(deserializer)? {
            Distinct(Value::Object(map)) => Self::try_from(map).map_err(de::Error::custom),
            _ => Err(de::Error::custom("must be an object")),
        }
    }
}

pub(crate) fn within_depth(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| within_depth(item, depth - 1)),
        Value::Object(map) => depth > 0 && map.values().all(|item| within_depth(item, depth - 1)),
        _ => true,
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
