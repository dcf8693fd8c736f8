//! The feed, whichever way it goes.

use crate::batch::DeadLetter;
use crate::consumer::Consumer;
use crate::database::{DatabaseFeed, Source};
use crate::entry::Entry;
use crate::error::Error;
use crate::info::Info;
use crate::stats::{Counts, Stats};
use crate::stream::StreamFeed;
use futures_util::stream::{self, Stream, TryStreamExt};
use redis_link::Link;
use std::sync::Arc;
use std::time::Duration;

/// How many dead letters are kept, at least the newest; about so many in Redis.
pub(crate) const DEAD_LETTERS: usize = 1000;

/// Entries that a replay reads at once.
const PAGE: usize = 500;

/// How the feed is kept and shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The stream's key, and the name under which the database keeps what groups have done. Dead
    /// letters are under `<stream>:dead`.
    pub stream: String,
    /// How many indexes a trimmed stream goes back from its end.
    pub length: u64,
    /// How long entries stay in a trimmed stream.
    pub age: Duration,
    /// How many entries the stream may hold while a group lags behind; publishing then waits.
    pub capacity: u64,
    /// After this time without acknowledgement an entry is delivered to another consumer. A live
    /// one should be done long before.
    pub reclaim_after: Duration,
    /// An entry that was delivered so often without acknowledgement is poison.
    pub max_deliveries: u64,
}

impl Default for Settings {
    /// `ros:insights`: 100,000 indexes, 30 days, a million entries; half a minute, five deliveries.
    fn default() -> Self {
        Self {
            stream: "ros:insights".to_owned(),
            length: 100_000,
            age: Duration::from_secs(30 * 24 * 3600),
            capacity: 1_000_000,
            reclaim_after: Duration::from_secs(30),
            max_deliveries: 5,
        }
    }
}

/// What came of publishing. The index is the one after the stream's last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// All of it is in the stream. Others may have published more.
    Through(u64),
    /// The rest waits until groups have acknowledged more and the stream was trimmed.
    Full(u64),
    /// The stream ends before the entries begin: Redis was emptied, or is an older copy of itself.
    /// [Open](Bus::open) it again.
    Behind(u64),
}

pub(crate) enum Feed {
    Stream(Box<StreamFeed>),
    Database(DatabaseFeed),
}

/// The insights feed. Clones are the same feed.
#[derive(Clone)]
pub struct Bus(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) feed: Feed,
    pub(crate) max_deliveries: u64,
    pub(crate) counts: Counts,
}

impl Bus {
    /// The feed in Redis. Every call ends within the link's limits, and at once while its breaker is
    /// open.
    #[must_use]
    pub fn redis(link: Arc<Link>, settings: Settings) -> Self {
        let max_deliveries = settings.max_deliveries;
        Self::new(Feed::Stream(Box::new(StreamFeed::new(link, settings))), max_deliveries)
    }

    /// The database's own feed. Its entries are the committed rows, so there is nothing to publish
    /// and nothing to trim.
    #[must_use]
    pub fn database(source: Arc<dyn Source>, settings: Settings) -> Self {
        let max_deliveries = settings.max_deliveries;
        Self::new(Feed::Database(DatabaseFeed::new(source, settings)), max_deliveries)
    }

    fn new(feed: Feed, max_deliveries: u64) -> Self {
        Self(Arc::new(Inner { feed, max_deliveries, counts: Counts::default() }))
    }

    /// Prepares the stream for a relay, which calls this when it begins and after
    /// [`Published::Behind`]. `needed` is the lowest index that a group still needs
    /// ([`Cursor::next`](crate::Cursor::next)), `end` the one after the ledger's last. Returns the
    /// index to publish from.
    ///
    /// A stream with entries goes on where it ends, so that it has no hole, unless it lags by more
    /// than it would keep. An empty one begins at `needed`. One that goes beyond `end` is another
    /// ledger's, and is begun anew.
    ///
    /// # Errors
    /// Redis.
    pub async fn open(&self, needed: u64, end: u64) -> Result<u64, Error> {
        self.judge(match &self.0.feed {
            Feed::Stream(stream) => stream.open(needed, end).await,
            Feed::Database(_) => Ok(end),
        })
    }

    /// Adds entries, in the ledger's order. `from` says that the ledger holds nothing between it and
    /// the first of them: it is where the last call ended. What is in the stream already is left out.
    ///
    /// # Errors
    /// Redis. Some of it may have been published; calling again with the same entries is right.
    pub async fn publish(&self, from: u64, entries: &[Entry]) -> Result<Published, Error> {
        let (published, added) = self.judge(match &self.0.feed {
            Feed::Stream(stream) => stream.publish(from, entries).await,
            Feed::Database(database) => {
                database.end().await.map(|end| (Published::Through(end), 0))
            }
        })?;
        self.0.counts.published.add(added);
        if let (Feed::Stream(_), Published::Through(_)) = (&self.0.feed, published) {
            self.0.counts.duplicates.add(entries.len() as u64 - added);
        }
        Ok(published)
    }

    /// Makes a group of consumers that is done with everything below `from`. If there is one, it is
    /// moved forward to there, never back: so this is right at each start, after
    /// [`Error::NoGroup`], and when one feed takes over from the other.
    ///
    /// # Errors
    /// Redis or the database.
    pub async fn create_group(&self, group: &str, from: u64) -> Result<(), Error> {
        self.judge(match &self.0.feed {
            Feed::Stream(stream) => stream.create_group(group, from).await,
            Feed::Database(database) => database.create_group(group, from).await,
        })
    }

    /// A consumer in a group. No two that live at the same time may have the same name.
    #[must_use]
    pub fn consumer(&self, group: impl Into<String>, name: impl Into<String>) -> Consumer {
        Consumer::new(self.clone(), group.into(), name.into())
    }

    /// The entries from index `from` to the feed's present end, apart from all groups. It ends after
    /// the first error; [`Error::Gone`] says that the feed does not hold all of them.
    pub fn replay(&self, from: u64) -> impl Stream<Item = Result<Entry, Error>> + Send + use<> {
        let pages = stream::try_unfold((self.clone(), from), |(bus, from)| async move {
            let page = bus.judge(match &bus.0.feed {
                Feed::Stream(stream) => stream.page(from, PAGE).await,
                Feed::Database(database) => database.page(from, PAGE).await,
            })?;
            let next = page.last().map(|entry| entry.index + 1);
            Ok::<_, Error>(next.map(|next| (stream::iter(page.into_iter().map(Ok)), (bus, next))))
        });
        pages.try_flatten()
    }

    /// How the feed stands.
    ///
    /// # Errors
    /// Redis or the database.
    pub async fn info(&self) -> Result<Info, Error> {
        self.judge(match &self.0.feed {
            Feed::Stream(stream) => stream.info().await,
            Feed::Database(database) => database.info().await,
        })
    }

    /// Removes old entries from the stream, as the settings say, but none that a group has not
    /// acknowledged. Returns how many.
    ///
    /// # Errors
    /// Redis.
    pub async fn trim(&self) -> Result<u64, Error> {
        let trimmed = self.judge(match &self.0.feed {
            Feed::Stream(stream) => stream.trim().await,
            Feed::Database(_) => Ok(0),
        })?;
        self.0.counts.trimmed.add(trimmed);
        Ok(trimmed)
    }

    /// The dead letters, by index. To retry one, apply its [entry](DeadLetter::entry) in a
    /// transaction if [`Cursor::settle`](crate::Cursor::settle) says so, then
    /// [discard](Self::discard) it; to drop one, do the same without its effect.
    ///
    /// # Errors
    /// Redis or the database.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, Error> {
        self.judge(match &self.0.feed {
            Feed::Stream(stream) => stream.dead_letters().await,
            Feed::Database(database) => database.dead_letters().await,
        })
    }

    /// Removes a dead letter. Whether there was one.
    ///
    /// # Errors
    /// Redis or the database.
    pub async fn discard(&self, group: &str, index: u64) -> Result<bool, Error> {
        self.judge(match &self.0.feed {
            Feed::Stream(stream) => stream.discard(group, index).await,
            Feed::Database(database) => database.discard(group, index).await,
        })
    }

    /// Counts since this feed was made.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.counts.read()
    }

    /// Counts a failure.
    pub(crate) fn judge<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        if answer.is_err() {
            self.0.counts.errors.add(1);
        }
        answer
    }
}
