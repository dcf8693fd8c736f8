//! What is kept, for how long, and what makes it old.

use crate::scope::{Scope, named};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Display;
use std::marker::PhantomData;
use std::time::Duration;

/// A sort of cached read: the one place that says how its entries are named and what invalidates
/// them. `K` is the key, `V` the value.
pub struct Kind<K, V> {
    pub(crate) name: &'static str,
    pub(crate) version: u16,
    pub(crate) times: Times,
    pub(crate) scopes: fn(&K) -> Vec<Scope>,
    pub(crate) form: Form<V>,
    keys: PhantomData<fn(&K)>,
}

/// For how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) ttl: Duration,
    pub(crate) jitter_percent: u32,
    pub(crate) stale: Duration,
    pub(crate) absent: Duration,
    pub(crate) last_known: Duration,
}

/// Of a time for which something is served, the part before it is refreshed: two thirds.
pub(crate) const fn fresh_part(time: Duration) -> Duration {
    Duration::from_micros(time.as_micros() as u64 / 3 * 2)
}

/// What a value is outside of the process, if it ever is.
pub(crate) enum Form<V> {
    Shared { write: fn(&V) -> Option<Vec<u8>>, read: fn(&[u8]) -> Option<V> },
    Local { weigh: fn(&V) -> usize },
}

impl<K, V> Kind<K, V> {
    /// A kind that is also kept in Redis, as JSON. `scopes` says what an entry depends on.
    #[must_use]
    pub const fn shared(name: &'static str, scopes: fn(&K) -> Vec<Scope>) -> Self
    where
        V: Serialize + DeserializeOwned,
    {
        let write = |value: &V| serde_json::to_vec(value).ok();
        let read = |bytes: &[u8]| serde_json::from_slice(bytes).ok();
        Self::new(name, scopes, Form::Shared { write, read })
    }

    /// A kind that never leaves the process: for what must not be read in Redis, or is cheap to
    /// load. `weigh` says about how many bytes a value takes.
    #[must_use]
    pub const fn local(
        name: &'static str,
        scopes: fn(&K) -> Vec<Scope>,
        weigh: fn(&V) -> usize,
    ) -> Self {
        Self::new(name, scopes, Form::Local { weigh })
    }

    const fn new(name: &'static str, scopes: fn(&K) -> Vec<Scope>, form: Form<V>) -> Self {
        let times = Times {
            ttl: Duration::from_secs(60),
            jitter_percent: 10,
            stale: Duration::ZERO,
            absent: Duration::from_secs(5),
            last_known: Duration::ZERO,
        };
        Self { name, version: 1, times, scopes, form, keys: PhantomData }
    }

    /// The version of what `V` looks like, 1 unless said otherwise. Raise it when the same JSON
    /// would mean something else: processes of both versions then keep entries of their own.
    #[must_use]
    pub const fn version(mut self, version: u16) -> Self {
        self.version = version;
        self
    }

    /// How long an entry is fresh, a minute unless said otherwise.
    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.times.ttl = ttl;
        self
    }

    /// By how many percent at most an entry's time is shortened at random, 10 unless said otherwise,
    /// so that what was loaded together is not loaded again together.
    #[must_use]
    pub const fn jitter(mut self, percent: u32) -> Self {
        self.times.jitter_percent = percent;
        self
    }

    /// How long after that it is still served while one refresh runs, not at all unless said
    /// otherwise. What was invalidated is never served, however young.
    #[must_use]
    pub const fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.times.stale = window;
        self
    }

    /// Nothing is served that was loaded longer ago, present or absent. For the last third of the
    /// time it is served while one refresh runs, so that whoever reads it often never waits.
    #[must_use]
    pub const fn serve_for(self, time: Duration) -> Self {
        let fresh = fresh_part(time);
        self.ttl(fresh).stale_while_revalidate(time.saturating_sub(fresh)).absent(time)
    }

    /// How long it is remembered that there is no such thing, 5 s unless said otherwise.
    #[must_use]
    pub const fn absent(mut self, ttl: Duration) -> Self {
        self.times.absent = ttl;
        self
    }

    /// For how long after its load a value is [the last known](crate::Cache::last_known), for whoever
    /// would rather have that than nothing while loads fail; not at all unless said otherwise.
    #[must_use]
    pub const fn last_known(mut self, window: Duration) -> Self {
        self.times.last_known = window;
        self
    }
}

impl<K: Display, V> Kind<K, V> {
    /// What the entry under `key` is called, here and in Redis: it is made for every read.
    pub(crate) fn entry_name(&self, key: &K) -> String {
        named(&[self.name, ":", itoa::Buffer::new().format(self.version), ":"], key)
    }
}

impl<K, V> Clone for Kind<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Kind<K, V> {}

impl<V> Clone for Form<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Form<V> {}
