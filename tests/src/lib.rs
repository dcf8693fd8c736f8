//! Black-box tests: the real binary, over real sockets, on both databases.
//!
//! ```text
//! both!(test, …) ─▶ Database ─▶ Service ─▶ Client ─▶ Answer
//!                   its own     a process   one identity
//! ```
//!
//! Every test has its own database and its own process, and leaves neither behind. `make test`
//! builds the binary and gives the tests a PostgreSQL cluster to make their databases in.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod answer;
pub mod bodies;
mod client;
mod cluster;
mod curl;
mod database;
mod fleet;
mod link;
pub mod load;
mod postgres;
mod provider;
mod raw;
mod receiver;
mod redis_nodes;
mod redis_production;
mod redis_tls;
mod replica;
mod service;
mod sqlite;
mod worker;

pub use answer::Answer;
pub use client::{Client, PROJECT};
pub use cluster::Cluster;
pub use curl::{Curl, Curled};
pub use database::{Cell, Database, Kind, Outcome};
pub use fleet::Fleet;
pub use link::Link;
pub use provider::{Asked, METADATA, Provider, SigningKey, unsigned};
pub use receiver::{Posted, Receiver};
pub use redis_nodes::{RedisCluster, Watched};
pub use redis_production::{OPERATOR, ProductionRedis, SERVICE_USER, users_acl};
pub use redis_server::{Server as Redis, eventually, within};
pub use redis_tls::RedisOverTls;
pub use replica::Replicated;
pub use service::{ADMIN, Builder, KEY, PASSWORD, Service};
pub use sqlite::WriteLock;
pub use worker::Worker;

/// Makes of each named function two tests: on SQLite and on PostgreSQL.
///
/// ```text
/// tests::both!(an_event_is_recorded);
///
/// fn an_event_is_recorded(database: Database) { … }
/// ```
#[macro_export]
macro_rules! both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { super::$test($crate::Database::sqlite()); })+
        }
        mod postgres {
            $(#[test] fn $test() { super::$test($crate::Database::postgres()); })+
        }
    };
}

/// A setting of the tests themselves, such as `ROUNDS`; `default` when it is not set.
///
/// # Panics
/// It is set to something else than a number.
pub fn setting(name: &str, default: usize) -> usize {
    let number = |text: String| text.parse().unwrap_or_else(|_| panic!("{name} must be a number"));
    words(name).map_or(default, number)
}

/// The middle one of what was measured.
///
/// # Panics
/// Nothing was.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A setting of the tests themselves that is no number, such as `FAULTS`.
pub fn words(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own settings; the service has its own"
    )]
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
