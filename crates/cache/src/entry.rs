//! The first level: entries in the process.

use crate::bounded::{Bounded, Kept};
use crate::failure::Failure;
use crate::scope::Scope;
use crate::stats::Counts;
use std::any::Any;
use std::sync::Arc;
use tokio::time::Instant;

/// Which entry, and which one of that name: the tick is of the last change of its scopes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) name: Arc<str>,
    pub(crate) tick: u64,
}

/// A value of whichever kind, or that there is none.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) length: usize,
    /// What it depends on, and when that had last changed before it was loaded: with the next change
    /// nobody reads it any more.
    pub(crate) scopes: Arc<[Scope]>,
    pub(crate) tick: u64,
    /// When its load began.
    pub(crate) loaded: Instant,
    pub(crate) fresh_until: Instant,
    pub(crate) stale_until: Instant,
    /// Of its kind.
    pub(crate) counts: Arc<Counts>,
}

impl Entry {
    pub(crate) fn value<V: Send + Sync + 'static>(
        &self,
        kind: &'static str,
    ) -> Result<Option<Arc<V>>, Failure> {
        let Some(value) = &self.value else { return Ok(None) };
        Arc::clone(value).downcast().map(Some).map_err(|_| Failure::SameName(kind))
    }
}

impl Kept for Arc<Entry> {
    fn bytes(&self) -> usize {
        self.length + self.scopes.iter().map(|it| it.as_str().len()).sum::<usize>()
    }

    fn ends(&self) -> Instant {
        self.stale_until
    }
}

pub(crate) struct Entries(Bounded<Arc<Entry>>);

impl Entries {
    pub(crate) fn new(capacity: u64) -> Self {
        Self(Bounded::new(capacity))
    }

    /// The newest of this name; whether it may still be served is for its reader to say.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Entry>> {
        self.0.get(name)
    }

    pub(crate) fn at(&self, place: &Place) -> Option<Arc<Entry>> {
        self.get(&place.name).filter(|entry| entry.tick == place.tick)
    }

    /// Keeps an entry, unless there is one from after a later change, or of a load that began later.
    pub(crate) fn insert(&self, name: &Arc<str>, entry: Arc<Entry>) {
        let age = |it: &Entry| (it.tick, it.loaded);
        if self.get(name).is_none_or(|known| age(&known) <= age(&entry)) {
            self.0.insert(name, entry);
        }
    }

    /// How many had to make room for others.
    pub(crate) fn evictions(&self) -> u64 {
        self.0.evictions()
    }

    /// How many there are, and how many bytes they take.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.0.size()
    }
}
