//! What only one process needs to do.

use super::error::InsightsError;
use super::store;
use crate::clock::Clock;
use crate::db::Db;
use std::time::{Duration, Instant};

/// How long others wait when its holder is gone.
const TERM: Duration = Duration::from_secs(5);
/// How often its holder makes it longer.
const RENEW: Duration = Duration::from_secs(2);

/// A lease in the database. It saves work; nothing depends on there being one holder alone.
pub(super) struct Lease {
    name: &'static str,
    holder: String,
    db: Db,
    clock: Clock,
    /// When it was last known to be ours.
    known: Option<Instant>,
}

impl Lease {
    pub(super) fn new(name: &'static str, db: Db, clock: Clock) -> Self {
        Self { name, holder: clock.new_id(), db, clock, known: None }
    }

    /// Whether it is ours now; takes it if it is free.
    pub(super) async fn hold(&mut self) -> Result<bool, InsightsError> {
        if self.known.is_some_and(|known| known.elapsed() < RENEW) {
            return Ok(true);
        }
        let asked = Instant::now();
        let now = self.clock.now().micros();
        let until = now + TERM.as_micros() as i64;
        let (name, holder) = (self.name, self.holder.clone());
        let take = move |conn: &mut _| {
            Ok::<_, InsightsError>(store::take_lease(conn, name, &holder, (now, until))?)
        };
        let ours = self.db.write(take).await?;
        self.known = ours.then_some(asked);
        Ok(ours)
    }

    /// Gives it back, so that the next need not wait.
    pub(super) async fn give(&mut self) {
        if self.known.take().is_none() {
            return;
        }
        let (name, holder) = (self.name, self.holder.clone());
        let give =
            move |conn: &mut _| Ok::<_, InsightsError>(store::give_lease(conn, name, &holder)?);
        if let Err(error) = self.db.write(give).await {
            tracing::debug!(%error, "a lease could not be given back; it ends by itself");
        }
    }
}
