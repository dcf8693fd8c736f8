//! The way to Redis, for whoever can do without it.
//!
//! A [`Link`] holds one connection that all calls share: what they ask at the same time is
//! pipelined. Redis may be one server, what a Sentinel calls the master, or a Cluster; the
//! [URL](Settings::url) says which. Four things hold for every call:
//!
//! - It ends within its limit ([`Limits`]), whatever Redis does: a frozen server still accepts
//!   connections, so only a clock can tell.
//! - After a few failures in a row nobody asks any more ([`Fault::Resting`], at once) until a probe
//!   in the background has connected anew and was answered.
//! - A server that takes no writes, since it replicates another, counts as one that is away.
//! - A refusal of one command ([`Fault::Refused`]) says nothing about the server and opens nothing.
//!
//! There is no pool: a shared connection makes nobody wait for a free one, costs no `PING` before
//! each use, and moves to a new master whole. Whoever blocks (`XREADGROUP … BLOCK`) takes a
//! [connection of his own](Link::dedicated).

mod breaker;
mod connection;
mod fault;
mod link;
mod settings;
mod stats;
mod topology;

pub use breaker::{Advice, Breaker};
pub use connection::Connection;
pub use fault::{Fault, UrlError};
pub use link::Link;
pub use redis;
pub use settings::{Limits, Settings};
pub use stats::Stats;
