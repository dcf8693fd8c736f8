//! What a database must offer to be a feed.

use crate::entry::Entry;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// Whatever a database fails with.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// An answer that takes time.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, SourceError>>;

/// A text that several processes change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which state of it this is; every change makes another.
    pub version: u64,
    /// The text: JSON of a few kilobytes.
    pub text: String,
}

/// A database: committed entries by index, and texts by name.
pub trait Source: Send + Sync {
    /// The committed entries from index `from` on, at most `limit` of them, in order. Entries become
    /// visible in order: none ever appears below one that was there before.
    fn read(&self, from: u64, limit: usize) -> Answer<'_, Vec<Entry>>;

    /// The index after the last committed one, whether it was erased or not.
    fn end(&self) -> Answer<'_, u64>;

    /// Waits until there may be entries from `from` on, at most for `limit`.
    fn wait(&self, from: u64, limit: Duration) -> BoxFuture<'_, ()>;

    /// A text; `None` if it was never stored.
    fn load<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Document>>;

    /// Stores a text if what is there is still the version `expected` (`None`: nothing). Whether it
    /// was.
    fn store<'a>(&'a self, name: &'a str, expected: Option<u64>, text: String) -> Answer<'a, bool>;

    /// The time, since the Unix epoch.
    fn now(&self) -> Duration;
}
