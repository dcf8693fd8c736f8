//! Everything that runs: two processes of the service, two workers, their database and their Redis,
//! with cables between that can be pulled.

use super::fault::{Fault, Strike};
use super::promises;
use super::traffic::{Journal, Targets};
use std::time::{Duration, Instant};
use tests::{Cluster, Database, Kind, Link, Redis, Service, Worker, WriteLock, within};

/// How long it takes to be well again, at most, on a slow machine.
const RECOVERY: Duration = Duration::from_secs(60);

/// All of it. What needs others stands before them, so that it ends before them.
pub(crate) struct World {
    pub(crate) services: Vec<Service>,
    workers: Vec<Worker>,
    pub(crate) targets: Targets,
    lock: Option<WriteLock>,
    to_database: Option<Link>,
    pub(crate) to_redis: Link,
    pub(crate) redis: Redis,
    cluster: Option<Cluster>,
    strikes: Vec<Strike>,
    /// Whose turn it is to suffer.
    turn: usize,
}

impl World {
    pub(crate) fn sqlite() -> Self {
        Self::on(Database::sqlite(), None)
    }

    /// On the PostgreSQL that the tests share, which cannot be killed.
    pub(crate) fn postgres() -> Self {
        Self::on(Database::postgres(), None)
    }

    /// On a PostgreSQL of its own.
    pub(crate) fn own_postgres() -> Self {
        let cluster = Cluster::start();
        Self::on(Database::in_cluster(&cluster), Some(cluster))
    }

    fn on(database: Database, cluster: Option<Cluster>) -> Self {
        let redis = Redis::start();
        let to_redis = Link::to(redis.address());
        let redis_url = format!("redis://{}", to_redis.address());
        let to_database = database.address().map(Link::to);
        let url = database.url_by(to_database.as_ref().map(Link::address));
        let first = Service::builder(database)
            .flag("--no-worker")
            .env("REDIS_URL", &redis_url)
            // The edge's limiter is asked too, and refuses nobody.
            .env("RESEARCHFLOW_RATE_LIMITS", "api=10000/1,ingest=10000/1")
            .env("DATABASE_URL", &url)
            .start();
        let second = first.beside().env("DATABASE_URL", &url).start();
        let workers = vec![first.worker(), first.worker()];
        let services = vec![first, second];
        let targets = Targets::of(&services);
        let (strikes, turn, lock) = (Vec::new(), 0, None);
        Self {
            services,
            workers,
            targets,
            lock,
            to_database,
            to_redis,
            redis,
            cluster,
            strikes,
            turn,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.services[0].database().kind()
    }

    /// Breaks some things at once, mends them after a while, and waits until all is well again.
    pub(crate) fn strike(&mut self, faults: &[Fault], length: Duration) {
        let mut faults = faults.to_vec();
        faults.sort_unstable();
        self.turn += 1;
        let (kind, began) = (self.kind(), Instant::now());
        // The other way round: whoever is asked to end needs a database for it.
        for fault in faults.iter().rev() {
            fault.begin(self);
        }
        // How long things are broken, not how long anybody waits for something.
        std::thread::sleep(length);
        for fault in &faults {
            fault.end(self);
        }
        self.recovers();
        self.strikes.push(Strike {
            what: format!("{faults:?} for {length:?}"),
            began,
            healed: Instant::now(),
            refuses: faults.iter().any(|fault| fault.refuses(kind)),
            silences: faults.iter().any(|fault| fault.silences()),
        });
    }

    fn recovers(&self) {
        for service in &self.services {
            let path = "/ready";
            within(RECOVERY, "a process is ready again", || {
                let answer = service.nobody().try_send("GET", path, &[], None).ok()?;
                (answer.status == 200).then_some(())
            });
        }
    }

    /// Checks everything that was promised.
    pub(crate) fn keeps_its_promises(&self, journal: &Journal) {
        let admin = self.services[0].admin();
        promises::hold(&self.services[0], &admin, journal, &self.strikes);
        promises::metrics_are_sane(&self.services[1]);
        let database = self.services[0].database();
        promises::is_in_stream(database, &admin, |words| self.redis.cli(words));
    }

    pub(crate) fn victim(&mut self) -> &mut Service {
        let number = self.turn % self.services.len();
        &mut self.services[number]
    }

    pub(crate) fn restart_victim(&mut self) {
        self.victim().restart();
        let number = self.turn % self.services.len();
        self.targets.moved(number, &self.services[number]);
    }

    pub(crate) fn worker(&self) -> &Worker {
        self.workers.first().expect("a worker")
    }

    pub(crate) fn lose_worker(&mut self) {
        self.workers.remove(0).kill();
    }

    pub(crate) fn hire_worker(&mut self) {
        self.workers.push(self.services[0].worker());
    }

    pub(crate) fn kill_database(&self) {
        self.cluster.as_ref().expect("a PostgreSQL of its own").kill();
    }

    pub(crate) fn to_database(&self) -> &Link {
        self.to_database.as_ref().expect("a PostgreSQL")
    }

    pub(crate) fn lock_database(&mut self) {
        self.lock = Some(self.services[0].database().lock_writes());
    }

    pub(crate) fn unlock_database(&mut self) {
        self.lock = None;
    }
}
