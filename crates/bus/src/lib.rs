//! The insights feed: what was recorded, in the ledger's order, for whoever adds it up.
//!
//! # Two feeds, one type
//!
//! A [`Bus`] reads the feed from a Redis stream or from the database's own rows ([`Source`]). It
//! behaves the same over both, so whoever loses Redis goes on over the database at once. The
//! database is the truth: Redis may be killed, frozen, emptied, or replaced by an older copy of
//! itself at any moment.
//!
//! # Publishing
//!
//! Entries stand in the stream under their ledger index (`<index>-0`), without holes and in order.
//! [`Bus::publish`] adds entries that follow the stream's end in one atomic step: what is there
//! already is left out, so relaying twice is harmless; what would leave a hole is
//! [refused](Published::Behind), so a stream that lost its end is noticed at the next call. The relay
//! then [opens](Bus::open) it again.
//!
//! # Consuming
//!
//! Consumers of one group share the feed: each entry is delivered to one of them, and again to
//! another one if it is not [acknowledged](Consumer::acknowledge) in time. So an entry comes **at
//! least once**, in any order, also from both feeds. Its effect happens **exactly once** if it is one
//! transaction with the group's [`Cursor`], which knows what has had its effect:
//!
//! 1. `consumer.next(…)`, outside of any transaction
//! 2. in one transaction: lock and read the cursor; for each delivery do its effect if
//!    [`Cursor::apply`] says so; for each poisonous one call [`Cursor::park`]; write the cursor back
//! 3. after the commit: [`Consumer::acknowledge`], and [`Consumer::park`] for each poisonous one
//!
//! Whatever dies between two of these steps costs a repetition and nothing else. What the cursor
//! [misses](Cursor::missing) below what its group [acknowledged](Group::acknowledged) will not be
//! delivered again, since Redis lost it: it is read from the database and applied like a delivery.
//!
//! # What an entry holds
//!
//! Names, counts and times of one invocation, no text: see [`Entry`].

mod batch;
mod bus;
mod consumer;
mod cursor;
mod database;
mod entry;
mod error;
mod id;
mod info;
mod ranges;
mod stats;
mod stream;
mod wire;

pub use batch::{Batch, DeadLetter, Delivery};
pub use bus::{Bus, Published, Settings};
pub use consumer::Consumer;
pub use cursor::{BadCursor, Cursor};
pub use database::{Answer, Document, Source, SourceError};
pub use entry::Entry;
pub use error::Error;
pub use info::{Group, Info};
pub use stats::Stats;
pub use wire::Malformed;
