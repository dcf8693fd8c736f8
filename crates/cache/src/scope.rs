//! What changes together.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Something whose change makes entries old: a project, a user, a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Cow<'static, str>);

impl Scope {
    /// All there is: for when it cannot be said what changed, as after a backup was restored.
    pub const EVERYTHING: Self = Self(Cow::Borrowed("*"));

    /// The thing of this sort with this id.
    pub fn new(sort: &'static str, id: impl fmt::Display) -> Self {
        Self(Cow::Owned(named(&[sort, ":"], id)))
    }

    /// As it was told by another process.
    pub(crate) fn told(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The parts and what follows them, made in one piece: every read makes a name, and growing costs
/// more than writing.
pub(crate) fn named(parts: &[&str], rest: impl fmt::Display) -> String {
    let mut name = String::with_capacity(96);
    name.extend(parts.iter().copied());
    // What cannot be written must not pass under a shorter name, which may be another's.
    write!(name, "{rest}").map_or_else(|_| parts.concat() + &rest.to_string(), |()| name)
}
