//! What went into a model and what came out.

use crate::fields::within_depth;
use crate::json::Distinct;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// An input or output: plain text, or messages in whatever structure the client's SDK has.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Messages, tool arguments, documents: an array or object, at most 32 levels deep.
    Structure(Value),
}

impl Content {
    const MAX_DEPTH: usize = 32;

    /// The bytes that its digest is made of: the text itself, or the structure's canonical JSON
    /// (RFC 8785).
    pub(crate) fn digest_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Text(text) => Ok(text.as_bytes().to_vec()),
            Self::Structure(value) => crate::canonical::to_vec(value),
        }
    }
}

impl TryFrom<Value> for Content {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(_) | Value::Object(_) if within_depth(&value, Self::MAX_DEPTH) => {
                Ok(Self::Structure(value))
            }
            Value::Array(_) | Value::Object(_) => {
                Err(format!("must be at most {} levels deep", Self::MAX_DEPTH))
            }
            _ => Err("must be a text, an array of messages or an object".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Distinct::deserialize(deserializer)?.0).map_err(de::Error::custom)
    }
}
