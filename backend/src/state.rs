//! What every handler shares. It stands below the slices and holds nothing of theirs.

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::signers::Signers;
use crate::telemetry::{Disk, Metrics};
use cache::Cache;
use hmac::{Hmac, KeyInit, Mac};
use pricing::PriceTable;
use redis_link::Link;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// All of it behind one pointer, since every request clones it several times.
#[derive(Clone)]
pub struct AppState(Arc<State>);

impl Deref for AppState {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

/// What there is of it: handles, each of which can be cloned by itself.
#[derive(Clone)]
pub struct State {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// Time and ids.
    pub clock: Clock,
    /// Counters and histograms, in a registry of this state's own.
    pub metrics: Metrics,
    /// The disk with the data directory.
    pub disk: Disk,
    /// What calls cost.
    pub prices: Arc<PriceTable>,
    /// What was read a moment ago. Of this process alone until [`with_redis`](AppState::with_redis).
    pub cache: Cache,
    /// The way to Redis, if there is one.
    pub redis: Option<Arc<Link>>,
    /// What signs the ledger.
    pub signers: Arc<Signers>,
    /// Whether the service is stopping, so that `/ready` says no.
    pub stopping: Stopping,
    master: Arc<SecretBox<[u8; 32]>>,
}

/// Whether the service is stopping.
#[derive(Debug, Clone, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// From now on it is.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The state could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StateError(String);

impl AppState {
    /// Sets up the handles; connects to nothing yet.
    ///
    /// # Errors
    /// The vendored price table or a metric is broken.
    pub fn new(config: Config) -> Result<Self, StateError> {
        let metrics = Metrics::new().map_err(|error| StateError(error.to_string()))?;
        let folder = config.server.data_dir.clone();
        let disk = Disk::register(folder, metrics.registry())
            .map_err(|error| StateError(error.to_string()))?;
        let url = config.database.url.expose_secret();
        let db = Db::open(url, config.database.pool, metrics.registry()).map_err(StateError)?;
        let prices = PriceTable::vendored().map_err(|error| StateError(error.to_string()))?;
        let signers = Signers::new(&config).map_err(|error| StateError(error.to_string()))?;
        Ok(Self(Arc::new(State {
            signers: Arc::new(signers),
            master: Arc::clone(&config.secrets.master),
            config: Arc::new(config),
            db,
            clock: Clock::default(),
            cache: Cache::alone(&cache::Settings { seed: rand::random(), ..Default::default() }),
            redis: None,
            metrics,
            disk,
            prices: Arc::new(prices),
            stopping: Stopping::default(),
        })))
    }

    /// The same with Redis, if one is set; it need not answer yet. To be called on the runtime that
    /// outlives the others, before there are clones: they stay without.
    ///
    /// # Errors
    /// The URL of Redis cannot be read.
    pub async fn with_redis(self) -> Result<Self, StateError> {
        let redis = &self.config.redis;
        let Some(settings) = redis.link("the cache") else { return Ok(self) };
        let link = Link::start(settings).await;
        let link = link.map_err(|error| StateError(format!("REDIS_URL {error}")))?;
        let settings = cache::Settings {
            prefix: redis.prefix.clone(),
            secret: self.derive_key(&[b"researchflow cache"]),
            seed: rand::random(),
            ..Default::default()
        };
        let cache = Cache::with_redis(&settings, Arc::clone(&link));
        let state = Arc::unwrap_or_clone(self.0);
        Ok(Self(Arc::new(State { cache, redis: Some(link), ..state })))
    }

    /// A key of a project's own: of the service's secret and the project's, so that neither a copy
    /// of the database nor the secret alone can link digests to texts, and erasing the project's
    /// part ends it for good.
    pub fn project_key(&self, project_secret: &[u8]) -> [u8; 32] {
        self.derive_key(&[b"researchflow project key", project_secret])
    }

    /// A key that follows from the service's secret and these parts, and from nothing else.
    pub fn derive_key(&self, parts: &[&[u8]]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.master.expose_secret())
            .expect("any key length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}
