//! The cache.

use crate::entry::{Entries, Entry, Place};
use crate::errand::{Cause, Errand};
use crate::failure::Failure;
use crate::flights::{Boarding, Flights};
use crate::generations::Generations;
use crate::history::History;
use crate::jitter::Jitter;
use crate::kind::Kind;
use crate::last::Last;
use crate::peers::{Known, Peers};
use crate::scope::Scope;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::stats::{Count, Registry, Stats};
use redis_link::Link;
use std::error::Error;
use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// The cache. Made once, cheap to clone, shared by all workers.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) entries: Entries,
    pub(crate) known: Arc<Known>,
    pub(crate) jitter: Jitter,
    pub(crate) last: Last,
    pub(crate) others: Option<Others>,
    flights: Arc<Flights>,
    counts: Registry,
    forgotten: Count,
}

/// What there is with Redis.
pub(crate) struct Others {
    peers: Arc<Peers>,
    pub(crate) shared: Shared,
    following: AbortHandle,
}

impl Drop for Others {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl Cache {
    /// A cache of this process alone.
    #[must_use]
    pub fn alone(settings: &Settings) -> Self {
        let known = Known::new(History::new(settings.trust, Instant::now()));
        Self::new(settings, Arc::new(known), None)
    }

    /// A cache that shares this Redis with all processes that have the same prefix and secret. It
    /// need not answer now, nor ever. Redis 6.2 or later.
    ///
    /// Other processes are followed on the runtime that this is called on, which should not be a web
    /// worker's.
    #[must_use]
    pub fn with_redis(settings: &Settings, link: Arc<Link>) -> Self {
        let known = Arc::new(Known::new(History::new(settings.trust, Instant::now())));
        let generations = Generations::new(Arc::clone(&link), &settings.prefix);
        let peers = Arc::new(Peers { link, generations, known: Arc::clone(&known) });
        let shared = Shared::new(Arc::clone(&peers), settings.secret, &settings.prefix);
        let following = tokio::spawn(Arc::clone(&peers).follow()).abort_handle();
        Self::new(settings, known, Some(Others { peers, shared, following }))
    }

    fn new(settings: &Settings, known: Arc<Known>, others: Option<Others>) -> Self {
        Self(Arc::new(Inner {
            entries: Entries::new(settings.capacity),
            last: Last::new(settings.capacity),
            flights: Arc::default(),
            known,
            counts: Registry::default(),
            forgotten: Count::default(),
            jitter: Jitter::new(settings.seed),
            others,
        }))
    }

    /// The value under `key`; `None` if there is none. If it is not cached, or must be refreshed,
    /// `load` brings it, as a task on the caller's runtime: it goes on if the caller goes away.
    ///
    /// # Errors
    /// The load failed; [`Failure::load_error`] has its error.
    pub async fn get<K, V, E, L>(
        &self,
        kind: &Kind<K, V>,
        key: &K,
        load: impl FnOnce() -> L,
    ) -> Result<Option<Arc<V>>, Failure>
    where
        K: Display + 'static,
        V: Send + Sync + 'static,
        E: Error + Send + Sync + 'static,
        L: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        let (now, name) = (Instant::now(), kind.entry_name(key));
        let found = self.0.entries.get(&name).map(|entry| (self.age(&entry, now), entry));
        let stale = match found {
            Some((Age::Fresh, entry)) => {
                entry.counts.local_hits.add();
                return entry.value(kind.name);
            }
            Some((Age::Stale, entry)) => Some(entry),
            Some((Age::Unvouched, _)) => {
                self.0.forgotten.add();
                None
            }
            Some((Age::Over, _)) | None => None,
        };
        let scopes: Arc<[Scope]> = (kind.scopes)(key).into();
        let counts = self.0.counts.of(kind.name);
        let place = Place { name: name.into(), tick: self.0.known.read().tick(&scopes) };
        let errand = |cause| Errand { kind: *kind, scopes, counts: Arc::clone(&counts), cause };
        let at = |place: &Place| self.0.entries.at(place);
        // However long a load takes, nobody joins it who would not believe what it brings.
        let joins = |began| self.0.known.read().is_believed(began, now);
        if let Some(entry) = stale {
            counts.stale_hits.add();
            let is_fresh = |entry: &Arc<Entry>| self.age(entry, now) == Age::Fresh;
            let board = self.0.flights.board(place, joins, |place| at(place).filter(is_fresh));
            if let Boarding::Pilot(flight, _) = board {
                errand(Cause::Refresh).start(Arc::clone(&self.0), flight, load);
            }
            return entry.value(kind.name);
        }
        let is_readable =
            |entry: &Arc<Entry>| matches!(self.age(entry, now), Age::Fresh | Age::Stale);
        let board = self.0.flights.board(place, joins, |place| at(place).filter(is_readable));
        let ticket = match board {
            Boarding::Landed(entry) => {
                counts.local_hits.add();
                return entry.value(kind.name);
            }
            Boarding::Joined(ticket) => {
                counts.joined.add();
                ticket
            }
            Boarding::Pilot(flight, ticket) => {
                errand(Cause::Read).start(Arc::clone(&self.0), flight, load);
                ticket
            }
        };
        // In a box, so that who finds it fresh, as nearly all do, has no room for waiting.
        Box::pin(ticket.wait()).await?.value(kind.name)
    }

    /// What the last load under `key` brought, however old within the kind's
    /// [window](Kind::last_known): for when [`get`](Self::get) fails or would, and what was true a
    /// while ago will do. A change of its scopes that this process knows of, its own or another's,
    /// ends it at once, as does a load that finds nothing; that none could be heard of does not.
    #[must_use]
    pub fn last_known<K, V>(&self, kind: &Kind<K, V>, key: &K) -> Option<Arc<V>>
    where
        K: Display + 'static,
        V: Send + Sync + 'static,
    {
        let changed = self.0.known.read().tick(&(kind.scopes)(key));
        self.0.last.get(&kind.entry_name(key), changed)?.downcast().ok()
    }

    /// Everything in these scopes has changed. To be called when the change is committed and before
    /// it is acknowledged. From the call on nothing from before is read here; when it returns, other
    /// processes have been told if Redis could be reached, and else will be as soon as it can.
    pub async fn bump(&self, scopes: &[Scope]) {
        let changed = self.0.known.write().changed_here(scopes);
        if let Some(others) = &self.0.others {
            others.peers.exchange(changed).await;
        }
    }

    /// The same for readers of this process alone, at no cost: others are not told. For what changes
    /// all the time, in [kinds](Kind::local) that never leave the process and that nobody believes
    /// for longer than others may take to see a change.
    pub fn bump_here(&self, scopes: &[Scope]) {
        self.0.known.write().changed_unannounced(scopes);
    }

    /// What it has done, and how it is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (entries, bytes) = self.0.entries.size();
        let known = self.0.known.read();
        Stats {
            kinds: self.0.counts.read(),
            entries,
            bytes,
            evictions: self.0.entries.evictions(),
            forgotten: self.0.forgotten.read(),
            unissued: known.count_unissued() as u64,
            redis: self.0.others.as_ref().map(|others| others.peers.link.stats()),
        }
    }

    /// Whether an entry may be served now, and as what.
    fn age(&self, entry: &Entry, now: Instant) -> Age {
        let known = self.0.known.read();
        if now >= entry.stale_until || entry.tick != known.tick(&entry.scopes) {
            return Age::Over;
        }
        let belief = known.belief(entry.loaded);
        if belief.is_some_and(|belief| now > belief.until) {
            return Age::Unvouched;
        }
        if now >= entry.fresh_until || belief.is_some_and(|belief| now >= belief.fresh_until) {
            return Age::Stale;
        }
        Age::Fresh
    }
}

/// How an entry may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Fresh,
    /// While it is loaded again.
    Stale,
    /// Not at all: something may have changed unheard.
    Unvouched,
    /// Not at all.
    Over,
}
