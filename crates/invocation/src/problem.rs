//! What is wrong with a field of an event.

use serde::Serialize;

/// The JSON pointer to a member of the whole document (RFC 6901, section 3).
#[must_use]
pub fn pointer_to(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// One fault in what a client sent: where, as a JSON pointer (RFC 6901), and what.
///
/// `detail` never quotes the value: it may be patient data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct FieldProblem {
    /// A JSON pointer to the field, `""` for the whole event.
    pub pointer: String,
    /// What is wrong, in plain words.
    pub detail: String,
    /// Whether the whole cannot be read, rather than one field of it being wrong.
    #[serde(skip)]
    pub malformed: bool,
}

impl FieldProblem {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), malformed: false }
    }

    /// The whole cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self { pointer: String::new(), detail: detail.into(), malformed: true }
    }

    /// The same fault, seen from a document in which the event stands below `prefix`.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}
