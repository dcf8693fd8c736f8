//! What loads last brought, for when they fail.

use crate::bounded::{Bounded, Kept};
use crate::entry::Entry;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// By name.
pub(crate) struct Last(Bounded<Known>);

#[derive(Clone)]
struct Known {
    value: Arc<dyn Any + Send + Sync>,
    length: usize,
    /// The last change of its scopes that was known when its load began.
    changed: u64,
    until: Instant,
}

impl Kept for Known {
    fn bytes(&self) -> usize {
        self.length
    }

    fn ends(&self) -> Instant {
        self.until
    }
}

impl Last {
    pub(crate) fn new(capacity: u64) -> Self {
        Self(Bounded::new(capacity))
    }

    /// Keeps what was loaded, or that there is nothing.
    pub(crate) fn keep(&self, name: &Arc<str>, entry: &Entry, window: Duration) {
        let Some(value) = &entry.value else { return self.0.remove(name) };
        let (value, length, changed) = (Arc::clone(value), entry.length, entry.tick);
        self.0.insert(name, Known { value, length, changed, until: Instant::now() + window });
    }

    /// What is known, unless its scopes have changed since.
    pub(crate) fn get(&self, name: &str, changed: u64) -> Option<Arc<dyn Any + Send + Sync>> {
        let known = self.0.get(name)?;
        (known.changed == changed && Instant::now() < known.until).then_some(known.value)
    }
}
