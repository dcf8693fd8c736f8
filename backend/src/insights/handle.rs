//! The feed with all that runs beside requests: the handle that this slice brings to the app.

use super::error::InsightsError;
use super::feed::{self, Rows};
use super::lease::Lease;
use super::letters::{self, Letter, Settled};
use super::metrics::Metrics;
use super::relay::Relay;
use super::stop::Tasks;
use super::sums::Unapplied;
use super::worker::Worker;
use crate::db::Conn;
use crate::invocations::Commits;
use crate::state::AppState;
use bus::{Bus, Info};
use std::sync::Arc;
use std::time::Duration;

/// How long whoever reads metrics waits for the database.
const LOOK: Duration = Duration::from_secs(1);

/// Beyond so many invocations that are not added up, something is wrong with the workers.
pub const LONG_LAG: u64 = 100_000;

/// What is still to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Invocations that are not added up.
    pub lag: u64,
    /// Dead letters.
    pub dead: u64,
}

/// The insights feed. Cheap to clone.
#[derive(Clone)]
pub struct Insights(Arc<Inner>);

struct Inner {
    state: AppState,
    commits: Commits,
    source: Arc<Rows>,
    /// The database's own feed.
    rows: Bus,
    /// The feed in Redis.
    stream: Option<Bus>,
    group: String,
    metrics: Metrics,
    tasks: Tasks,
}

impl Insights {
    /// By Redis, if the state has one; it need not answer yet. Nothing runs before
    /// [`relay`](Self::relay) and [`work`](Self::work).
    ///
    /// # Errors
    /// A metric is registered twice.
    pub fn new(state: AppState, commits: Commits) -> Result<Self, Box<dyn std::error::Error>> {
        let redis = &state.config.redis;
        let settings = bus::Settings {
            stream: format!("{}insights", redis.prefix),
            ..bus::Settings::default()
        };
        let source = Arc::new(Rows::new(state.db.clone(), state.clock, commits.clone()));
        let rows = Bus::database(Arc::clone(&source) as Arc<dyn bus::Source>, settings.clone());
        let stream = state.redis.clone().map(|link| Bus::redis(link, settings));
        let feeds = (rows.clone(), stream.clone());
        Ok(Self(Arc::new(Inner {
            metrics: Metrics::register(state.metrics.registry(), feeds)?,
            group: format!("{}insights-workers", redis.prefix),
            tasks: Tasks::new(),
            state,
            commits,
            source,
            rows,
            stream,
        })))
    }

    /// Starts the relay, if there is a Redis.
    pub fn relay(&self) {
        let inner = &self.0;
        let Some(stream) = inner.stream.clone() else { return };
        inner.tasks.spawn(|stop| {
            let relay = Relay {
                db: inner.state.db.clone(),
                rows: Arc::clone(&inner.source),
                commits: inner.commits.clone(),
                stream,
                group: inner.group.clone(),
                lease: Lease::new("relay", inner.state.db.clone(), inner.state.clock),
                metrics: inner.metrics.clone(),
                stop,
            };
            relay.run()
        });
    }

    /// Starts a worker.
    pub fn work(&self) {
        let inner = &self.0;
        inner.tasks.spawn(|stop| {
            let name = inner.state.clock.new_id();
            let feeds = (inner.rows.clone(), inner.stream.clone());
            let place = (inner.group.clone(), name.as_str());
            Worker::new(inner.state.db.clone(), place, feeds, inner.metrics.clone(), stop).run()
        });
    }

    /// Ends what was started: batches are finished, leases given back.
    pub async fn stop(&self) {
        self.0.tasks.stop().await;
    }

    /// Updates the gauges; called when metrics are read. Without the database they stay.
    pub async fn observe(&self) {
        self.backlog().await;
    }

    /// What is still to be done, which the gauges then tell too; `None` if the database does not say
    /// it in a second.
    pub async fn backlog(&self) -> Option<Backlog> {
        let read = |conn: &mut Conn| {
            let dead = super::store::cursor(conn)?.parked().count();
            Ok::<_, InsightsError>(Backlog { lag: Unapplied::read(conn)?.len(), dead: dead as u64 })
        };
        let read = tokio::time::timeout(LOOK, self.0.state.db.read(read));
        let backlog = read.await.ok()?.ok()?;
        self.0.metrics.lag.set(i64::try_from(backlog.lag).unwrap_or(i64::MAX));
        self.0.metrics.dead.set(i64::try_from(backlog.dead).unwrap_or(i64::MAX));
        Some(backlog)
    }

    /// Why the feed is not as it should be, if it is not.
    pub async fn trouble(&self) -> Option<String> {
        let inner = &self.0;
        let redis_is_away = inner.state.redis.as_ref().is_some_and(|link| !link.stats().in_use);
        let lag = inner.state.db.read(|conn| Ok::<_, InsightsError>(Unapplied::read(conn)?.len()));
        match lag.await {
            Err(_) => Some("The database does not answer.".to_owned()),
            Ok(lag) if lag > LONG_LAG => Some(format!(
                "{lag} invocations are not in the rollups: is a worker running? Sums are exact, and slower."
            )),
            Ok(_) if redis_is_away => {
                Some("It goes by the database, since Redis does not answer.".to_owned())
            }
            Ok(_) => None,
        }
    }

    /// Which feed is in use, how it stands, where the ledger ends, and how many invocations are not
    /// in the rollups.
    pub(super) async fn standing(&self) -> Result<Standing, InsightsError> {
        let inner = &self.0;
        let read = |conn: &mut Conn| {
            Ok::<_, InsightsError>((feed::end(conn)?, Unapplied::read(conn)?.len()))
        };
        let (ledger_end, unapplied) = inner.state.db.read(read).await?;
        let told = match &inner.stream {
            Some(stream) => stream.info().await.ok(),
            None => None,
        };
        let (feed, info) = match told {
            Some(info) => ("redis", info),
            None => ("database", inner.rows.info().await?),
        };
        Ok(Standing { feed, info, ledger_end, unapplied })
    }

    /// The database's own feed, which has everything.
    pub(super) fn rows(&self) -> &Bus {
        &self.0.rows
    }

    /// The dead letters.
    ///
    /// # Errors
    /// The database.
    pub async fn dead_letters(&self) -> Result<Vec<Letter>, InsightsError> {
        let known = letters::known(&self.feeds()).await;
        self.0.state.db.read(move |conn| letters::list(conn, &known)).await
    }

    /// Takes a letter off the feeds' lists, once the database is done with it. What came of it all,
    /// `settled` being what the database says.
    pub async fn discard(&self, index: u64, settled: Settled) -> Settled {
        if settled == Settled::Refused {
            return settled;
        }
        let mut found = settled == Settled::Done;
        for feed in self.feeds() {
            // A list that does not answer shows the letter until Redis forgets it.
            found |= feed.discard(&self.0.group, index).await.unwrap_or(false);
        }
        if found { Settled::Done } else { Settled::NoLetter }
    }

    fn feeds(&self) -> Vec<&Bus> {
        self.0.stream.iter().chain([&self.0.rows]).collect()
    }
}

/// How the feed stands.
pub(super) struct Standing {
    /// `redis` or `database`.
    pub(super) feed: &'static str,
    pub(super) info: Info,
    /// The index after the ledger's last.
    pub(super) ledger_end: u64,
    pub(super) unapplied: u64,
}
