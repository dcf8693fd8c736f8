//! Reads that are kept in two levels: in the process, and in Redis for all processes.
//!
//! Each cached read is declared once, as a [`Kind`]: its name, for how long it is kept, and the
//! [`Scope`]s that it depends on. Whoever changes what is in a scope [bumps](Cache::bump) it.
//!
//! ```
//! use cache::{Cache, Kind, Scope, Settings};
//! use std::time::Duration;
//!
//! /// A project's name, by its id. Changes when the project does.
//! const NAME: Kind<u64, String> =
//!     Kind::shared("project-name", |id| vec![Scope::new("project", id)])
//!         .ttl(Duration::from_secs(60));
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), cache::Failure> {
//! let cache = Cache::alone(&Settings::default());
//! let load = || async { Ok::<_, std::io::Error>(Some("Trial 7".to_owned())) };
//! assert_eq!(cache.get(&NAME, &7, load).await?.as_deref().map(String::as_str), Some("Trial 7"));
//!
//! // After a change of the project, when it is committed:
//! cache.bump(&[Scope::new("project", 7)]).await;
//! # Ok(())
//! # }
//! ```
//!
//! # What a reader may rely on
//!
//! - **The writer never reads what was before.** From the moment at which [`Cache::bump`] is called,
//!   nothing is served by this cache, from either level, that was loaded before, nor is anybody let
//!   into a load that began before.
//! - **Other processes follow at once, and within [`Settings::trust`] even if no message reaches
//!   them.** They hear of a bump over pub/sub, and ask four times a second for what they missed.
//!   While a process cannot ask, it believes an entry for as long as `trust`, and loads one that is
//!   read again in the last third of that time.
//! - **Redis is never needed.** Every call has a time limit and stands behind a breaker; an entry
//!   there that is missing, altered, unreadable or of an older version of its kind is a miss.
//! - **One load at a time.** Whoever misses the same entry waits for the same load. It runs as a task
//!   of its own: that the first to ask goes away hurts nobody. If it fails, all who wait are told,
//!   and the next to ask tries again.
//!
//! # How
//!
//! `history` is the heart of it, and knows neither Redis nor a clock. In the process an entry has the
//! *tick* at which its scopes had last changed, and counts as long as none has ticked since. In Redis an
//! entry carries the *generation* that was the newest when its load began, and counts as long as
//! none of its scopes has a newer one. Generations are issued by a script in Redis, after the commit
//! of what they announce, each greater than all before: so a load that begins when a generation is
//! known sees every change up to it.

mod bounded;
mod cache;
mod entry;
mod errand;
mod failure;
mod flights;
mod generations;
mod history;
mod jitter;
mod kind;
mod last;
mod peers;
mod scope;
mod seal;
mod settings;
mod shared;
mod stats;

pub use cache::Cache;
pub use failure::Failure;
pub use kind::Kind;
pub use scope::Scope;
pub use settings::Settings;
pub use stats::{KindStats, Stats};
