//! Bringing an entry: from Redis if it is good there, else by its load.

use crate::cache::Inner;
use crate::entry::{Entry, Place};
use crate::failure::Failure;
use crate::flights::Flight;
use crate::kind::{Form, Kind};
use crate::scope::Scope;
use crate::stats::Counts;
use futures_util::FutureExt;
use std::any::Any;
use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

/// After a refresh that failed.
const RETRY: Duration = Duration::from_millis(100);

/// Why an entry is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody waits for it.
    Read,
    /// It is no longer fresh. Nobody waits: he was served what there is.
    Refresh,
}

/// What was known when an errand began.
struct Begin {
    at: Instant,
    /// The newest generation.
    stamp: u64,
}

pub(crate) struct Errand<K, V> {
    pub(crate) kind: Kind<K, V>,
    pub(crate) scopes: Arc<[Scope]>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) cause: Cause,
}

impl<K: 'static, V: Send + Sync + 'static> Errand<K, V> {
    /// Runs as a task on the caller's runtime, and lands the flight.
    pub(crate) fn start<E, L>(self, cache: Arc<Inner>, flight: Flight, load: impl FnOnce() -> L)
    where
        E: Error + Send + Sync + 'static,
        L: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        // Before anything is read: whatever changes from here on has a greater generation.
        let begin = Begin { at: Instant::now(), stamp: cache.known.read().stamp() };
        tokio::spawn(self.run(cache, flight, begin, load()).in_current_span());
    }

    async fn run<E, L>(self, cache: Arc<Inner>, flight: Flight, begin: Begin, load: L)
    where
        E: Error + Send + Sync + 'static,
        L: Future<Output = Result<Option<V>, E>>,
    {
        let name = Arc::clone(&flight.place().name);
        let found = self.find(&cache, flight.place(), begin.at).await;
        self.count(found.is_some());
        if let Some(entry) = found {
            return land(&cache, flight, entry);
        }
        self.counts.loads.add();
        let loaded = AssertUnwindSafe(load).catch_unwind().await;
        let value = match loaded {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => return self.fail(flight, Failure::Load(Arc::new(error))).await,
            Err(_panic) => return self.fail(flight, Failure::Interrupted).await,
        };
        let (written, length) = self.write(value.as_ref());
        let fresh_for = self.fresh_for(&cache, value.is_some());
        let absent = value.is_none();
        let entry = self.entry(flight.place(), begin.at, (value, length), fresh_for);
        if !self.kind.times.last_known.is_zero() {
            cache.last.keep(&name, &entry, self.kind.times.last_known);
        }
        land(&cache, flight, entry);
        if let (Form::Shared { .. }, Some(others)) = (self.kind.form, &cache.others)
            && (absent || written.is_some())
        {
            others.shared.write(&name, begin.stamp, written.as_deref(), fresh_for).await;
        }
    }

    /// What Redis has.
    async fn find(&self, cache: &Inner, place: &Place, began: Instant) -> Option<Entry> {
        let Form::Shared { read, .. } = self.kind.form else { return None };
        let found = cache.others.as_ref()?.shared.read(&place.name, &self.scopes, read).await?;
        Some(self.entry(place, began, (found.value, found.length), found.fresh_for))
    }

    fn count(&self, found: bool) {
        match (self.cause, found) {
            (Cause::Read, true) => self.counts.shared_hits.add(),
            (Cause::Read, false) => self.counts.misses.add(),
            (Cause::Refresh, _) => {}
        }
    }

    async fn fail(&self, flight: Flight, failure: Failure) {
        self.counts.load_errors.add();
        if self.cause == Cause::Refresh {
            tracing::warn!(%failure, kind = self.kind.name, "a cached read could not be refreshed");
            // Whoever reads what there is would begin the next at once.
            sleep(RETRY).await;
        }
        flight.land(Err(failure));
    }

    /// The value as it is stored in Redis, if it is, and about how many bytes it takes.
    fn write(&self, value: Option<&V>) -> (Option<Vec<u8>>, usize) {
        match (self.kind.form, value) {
            (_, None) => (None, 0),
            (Form::Local { weigh }, Some(value)) => (None, weigh(value)),
            (Form::Shared { write, .. }, Some(value)) => {
                let written = write(value);
                let length = written.as_ref().map_or(0, Vec::len);
                (written, length)
            }
        }
    }

    fn fresh_for(&self, cache: &Inner, present: bool) -> Duration {
        let times = self.kind.times;
        let time = if present { times.ttl } else { times.absent };
        cache.jitter.shorten(time, times.jitter_percent)
    }

    fn entry(
        &self,
        at: &Place,
        loaded: Instant,
        (value, length): (Option<V>, usize),
        fresh_for: Duration,
    ) -> Entry {
        let fresh_until = Instant::now() + fresh_for;
        // That something is absent is not worth more time than was said.
        let stale = if value.is_some() { self.kind.times.stale } else { Duration::ZERO };
        let value = value.map(|value| Arc::new(value) as Arc<dyn Any + Send + Sync>);
        Entry {
            value,
            length,
            scopes: Arc::clone(&self.scopes),
            tick: at.tick,
            loaded,
            fresh_until,
            stale_until: fresh_until + stale,
            counts: Arc::clone(&self.counts),
        }
    }
}

fn land(cache: &Inner, flight: Flight, entry: Entry) {
    let entry = Arc::new(entry);
    cache.entries.insert(&flight.place().name, Arc::clone(&entry));
    flight.land(Ok(entry));
}
