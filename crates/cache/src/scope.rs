//! What changes together.

use std::borrow::Cow;
use std::fmt;

/// Something whose change makes entries old: a project, a user, a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Cow<'static, str>);

impl Scope {
    /// All there is: for when it cannot be said what changed, as after a backup was restored.
    pub const EVERYTHING: Self = Self(Cow::Borrowed("*"));

    /// The thing of this sort with this id.
    pub fn new(sort: &'static str, id: impl fmt::Display) -> Self {
        Self(Cow::Owned(format!("{sort}:{id}")))
    }

    /// As it was told by another process.
    pub(crate) fn told(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
