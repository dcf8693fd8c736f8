//! A door to the database: so many go through at once, each on a thread of its own.

use super::DbError;
use crate::threads::{Niceness, Threads};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long a request waits for an answer. The server ends a statement after ten seconds; a server
/// that is frozen or cut off says nothing at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(12);

/// A permit for each thread, so that requests wait as cheap futures, and know for how long.
#[derive(Debug)]
pub(super) struct Door {
    name: &'static str,
    niceness: Niceness,
    size: usize,
    permits: Arc<Semaphore>,
    /// Commands, which have no runtime, need none.
    threads: OnceLock<Threads>,
}

impl Door {
    pub(super) fn new(name: &'static str, size: usize, niceness: Niceness) -> Self {
        let permits = Arc::new(Semaphore::new(size));
        Self { name, niceness, size, permits, threads: OnceLock::new() }
    }

    /// A turn, if it comes within `limit`.
    pub(super) async fn turn(&self, limit: Duration) -> Option<OwnedSemaphorePermit> {
        let turn = timeout(limit, Arc::clone(&self.permits).acquire_owned()).await;
        turn.ok()?.ok()
    }

    /// Runs `work` in this turn, which lasts until it ends, whoever waits for it.
    pub(super) async fn run<T, E>(
        &self,
        turn: OwnedSemaphorePermit,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let make = || Threads::new(self.name, self.size, self.niceness);
        let work = self.threads.get_or_init(make).run(move || {
            let _turn = turn;
            work()
        });
        let unavailable = |cause: String| DbError::Unavailable(cause).into();
        match timeout(ANSWER_TIMEOUT, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(interrupted)) => Err(unavailable(interrupted.to_string())),
            Err(_) => Err(unavailable("the database gave no answer".to_owned())),
        }
    }
}
