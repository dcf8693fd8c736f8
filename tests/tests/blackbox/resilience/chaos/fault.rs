//! What may break: each fault by its name, what it does, and what clients may notice of it.

use super::world::World;
use std::time::Instant;
use tests::Kind;

/// One thing that breaks for a while, and then is as before without anybody's help but a restart.
///
/// They are in the order in which they are mended: whatever starts needs a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// PostgreSQL is killed, and started again by its keeper.
    DatabaseKilled,
    /// PostgreSQL does not answer; connections stay.
    DatabaseFrozen,
    /// Every connection to PostgreSQL ends, and new ones are refused.
    DatabaseCut,
    /// Somebody else holds SQLite's write lock.
    DatabaseLocked,
    /// Redis is killed, and started again empty.
    RedisKilled,
    /// Redis accepts connections and answers nothing.
    RedisFrozen,
    /// Redis forgets everything, at once and again at the end.
    RedisEmptied,
    /// Every connection to Redis ends, and new ones are refused.
    RedisCut,
    /// A process of the service is killed.
    ServeKilled,
    /// A process of the service is asked to end.
    ServeEnded,
    /// A process of the service stands still.
    ServeFrozen,
    /// A worker is killed.
    WorkerKilled,
    /// A worker stands still, perhaps with entries in its hands.
    WorkerFrozen,
}

/// What something can befall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Database,
    Redis,
    Serve,
    Worker,
}

use Fault::*;

impl Fault {
    /// All, by the names that `FAULTS` takes.
    pub(crate) const ALL: [(&str, Self); 13] = [
        ("database-killed", DatabaseKilled),
        ("database-frozen", DatabaseFrozen),
        ("database-cut", DatabaseCut),
        ("database-locked", DatabaseLocked),
        ("redis-killed", RedisKilled),
        ("redis-frozen", RedisFrozen),
        ("redis-emptied", RedisEmptied),
        ("redis-cut", RedisCut),
        ("serve-killed", ServeKilled),
        ("serve-ended", ServeEnded),
        ("serve-frozen", ServeFrozen),
        ("worker-killed", WorkerKilled),
        ("worker-frozen", WorkerFrozen),
    ];

    /// Whether it can happen to this database.
    pub(crate) fn concerns(self, kind: Kind) -> bool {
        match self {
            DatabaseKilled | DatabaseFrozen | DatabaseCut => kind == Kind::Postgres,
            DatabaseLocked => kind == Kind::Sqlite,
            _ => true,
        }
    }

    /// What it befalls: two faults of one part at once would be one.
    pub(crate) fn part(self) -> Part {
        match self {
            DatabaseKilled | DatabaseFrozen | DatabaseCut | DatabaseLocked => Part::Database,
            RedisKilled | RedisFrozen | RedisEmptied | RedisCut => Part::Redis,
            ServeKilled | ServeEnded | ServeFrozen => Part::Serve,
            WorkerKilled | WorkerFrozen => Part::Worker,
        }
    }

    /// Whether clients may be told 503. Never on account of Redis or a worker; but whoever stands
    /// still on SQLite may hold its one write lock.
    pub(crate) fn refuses(self, kind: Kind) -> bool {
        match self.part() {
            Part::Database | Part::Serve => true,
            Part::Redis => false,
            Part::Worker => kind == Kind::Sqlite,
        }
    }

    /// Whether a client may be left without an answer.
    pub(crate) fn silences(self) -> bool {
        self.part() == Part::Serve
    }

    pub(crate) fn begin(self, world: &mut World) {
        match self {
            DatabaseKilled => world.kill_database(),
            DatabaseFrozen => world.to_database().freeze(),
            DatabaseCut => world.to_database().cut(),
            DatabaseLocked => world.lock_database(),
            RedisKilled => world.redis.kill(),
            RedisFrozen => world.redis.freeze(),
            RedisEmptied => world.redis.flush(),
            RedisCut => world.to_redis.cut(),
            ServeKilled => world.victim().kill(),
            ServeEnded => drop(world.victim().stop()),
            ServeFrozen => world.victim().signal("STOP"),
            WorkerKilled => world.lose_worker(),
            WorkerFrozen => world.worker().signal("STOP"),
        }
    }

    pub(crate) fn end(self, world: &mut World) {
        match self {
            DatabaseKilled => {}
            DatabaseFrozen | DatabaseCut => world.to_database().mend(),
            DatabaseLocked => world.unlock_database(),
            RedisKilled => world.redis.restart(),
            RedisFrozen => world.redis.thaw(),
            RedisEmptied => world.redis.flush(),
            RedisCut => world.to_redis.mend(),
            ServeKilled | ServeEnded => world.restart_victim(),
            ServeFrozen => world.victim().signal("CONT"),
            WorkerKilled => world.hire_worker(),
            WorkerFrozen => world.worker().signal("CONT"),
        }
    }
}

/// A time in which something was broken, and what it excuses.
#[derive(Debug)]
pub(crate) struct Strike {
    /// What it was, for whoever reads a failure.
    pub(crate) what: String,
    pub(crate) began: Instant,
    /// When everything was well again.
    pub(crate) healed: Instant,
    /// Whether a 503 was to be expected.
    pub(crate) refuses: bool,
    /// Whether no answer was to be expected.
    pub(crate) silences: bool,
}

impl Strike {
    /// What it was, and when, seen from a moment: for whoever reads a failure.
    pub(crate) fn beside(&self, moment: Instant) -> String {
        let seconds = |it: Instant| match it.checked_duration_since(moment) {
            Some(later) => later.as_secs_f64(),
            None => -(moment - it).as_secs_f64(),
        };
        let (began, healed) = (seconds(self.began), seconds(self.healed));
        format!("{} from {began:+.3} s to {healed:+.3} s", self.what)
    }
}
