//! The one point at which this process's events get their order: group commit, and behind it the
//! spool.
//!
//! What many requests bring while one transaction runs goes into the next, together. If the database
//! is away, what was in that transaction goes to the spool, and so does all that comes after, until
//! the spool has been drained to its end: nothing that comes later overtakes what waits there. A
//! transaction of which nobody knows whether it was committed is spooled too: an event id is stored
//! once, however often it is drained.

use super::batcher::{Submission, Waiter};
use super::facts::Facts;
use super::intake::Prepared;
use super::spool::{Spooler, Stretch};
use super::store::{self, Stored};
use super::tallies::Tallies;
use crate::db::DbError;
use crate::error::{ApiError, Code};
use crate::ledger::LedgerError;
use crate::state::AppState;
use cache::Scope;
use std::collections::HashSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

/// A transaction takes no more events than this, so that its waiters do not wait for long.
const MAX_EVENTS: usize = 4096;

/// How long senders wait for a transaction before their events go to the spool.
const PATIENCE: Duration = Duration::from_secs(5);

/// After an attempt that failed, the next one comes so much later; twice that each time, at most a
/// second.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The task that commits.
pub(super) struct Committer {
    state: AppState,
    submissions: mpsc::UnboundedReceiver<Submission>,
    committed: watch::Sender<u64>,
    spool: Spooler,
    tallies: Tallies,
}

/// What goes into one transaction, or to the disk at once.
struct Batch {
    groups: Vec<Vec<Prepared>>,
    waiters: Vec<Waiter>,
}

impl Batch {
    /// What the spool keeps of it.
    fn records(&self) -> Vec<Vec<Arc<String>>> {
        let record = |event: &Prepared| event.sealed.record();
        self.groups.iter().map(|group| group.iter().map(record).collect()).collect()
    }
}

impl Committer {
    pub(super) fn new(
        state: AppState,
        submissions: mpsc::UnboundedReceiver<Submission>,
        committed: watch::Sender<u64>,
        spool: Spooler,
    ) -> prometheus::Result<Self> {
        let tallies = Tallies::register(state.metrics.registry())?;
        Ok(Self { state, submissions, committed, spool, tallies })
    }

    /// Until nobody sends any more.
    pub(super) async fn run(mut self) {
        loop {
            self.spool.take_over().await;
            if self.spool.is_waiting() && self.drain().await.is_none() {
                return;
            }
            let first = match self.spool.next_take_over() {
                None => self.submissions.recv().await,
                Some(due) => match timeout(due, self.submissions.recv()).await {
                    Ok(first) => first,
                    Err(_) => continue,
                },
            };
            let Some(first) = first else { return };
            let batch = self.gather(first);
            self.commit(batch).await;
        }
    }

    /// What has come in the meantime, with the first of it.
    fn gather(&mut self, first: Submission) -> Batch {
        let mut events = first.events.len();
        let mut batch = Batch { groups: vec![first.events], waiters: vec![first.waiter] };
        while events < MAX_EVENTS
            && let Ok(next) = self.submissions.try_recv()
        {
            events += next.events.len();
            batch.groups.push(next.events);
            batch.waiters.push(next.waiter);
        }
        batch
    }

    async fn commit(&mut self, batch: Batch) {
        let kept = self.spool.accepts().then(|| batch.records());
        let Batch { groups, waiters } = batch;
        let writing = write(&self.state, move || groups);
        let stored = match &kept {
            None => writing.await,
            Some(_) => timeout(PATIENCE, writing).await.unwrap_or_else(|_| {
                Err(DbError::Unavailable("it does not answer in time".to_owned()).into())
            }),
        };
        match (stored, kept) {
            (Ok(Stored { receipts, new }), _) => {
                self.spool.is_not_needed();
                self.announce(&new);
                for (waiter, receipts) in waiters.into_iter().zip(receipts) {
                    waiter.tell(Ok(receipts));
                }
            }
            (Err(LedgerError::Db(DbError::Unavailable(cause))), Some(records)) => {
                self.spool.is_needed(&cause);
                self.keep(records, waiters).await;
            }
            (Err(error), _) => refuse(waiters, &error),
        }
    }

    /// Counts what was stored, lets go of what was remembered of its projects, and wakes whoever
    /// follows what is committed.
    fn announce(&mut self, new: &[Facts]) {
        self.tallies.count(new);
        let projects: HashSet<&str> = new.iter().map(|facts| facts.project_id.as_str()).collect();
        let changed: Vec<Scope> = projects.into_iter().map(super::scope).collect();
        self.state.cache.bump_here(&changed);
        if let Some(last) = new.last() {
            self.committed.send_replace(last.ledger_index as u64 + 1);
        }
    }

    /// Puts events at the end of the spool.
    async fn keep(&mut self, records: Vec<Vec<Arc<String>>>, waiters: Vec<Waiter>) {
        match self.spool.add(records).await {
            Ok(receipts) => {
                for (waiter, receipts) in waiters.into_iter().zip(receipts) {
                    waiter.tell(Ok(receipts));
                }
            }
            Err(cause) => {
                for waiter in waiters {
                    waiter.tell(Err(no_room(&cause)));
                }
            }
        }
    }

    /// Takes everything out of the spool; what comes meanwhile goes in at its end. `None` if nobody
    /// sends any more.
    async fn drain(&mut self) -> Option<()> {
        let (mut pause, mut answers) = (FIRST_PAUSE, false);
        loop {
            let stretch = match self.spool.stretch(MAX_EVENTS).await {
                Ok(Some(stretch)) => stretch,
                Ok(None) => return Some(()),
                Err(error) => {
                    tracing::error!(%error, "the spool cannot be drained; trying again");
                    self.while_taking_in(sleep(LONGEST_PAUSE)).await?;
                    continue;
                }
            };
            // The last of it is waited for: else there would always be something behind it.
            let held_back = answers && self.spool.ends_with(&stretch);
            let stored = self.store(&stretch, held_back).await?;
            answers = match stored {
                Ok(Stored { receipts, new }) => {
                    self.announce(&new);
                    let events = receipts.iter().map(Vec::len).sum();
                    self.spool.is_stored(&stretch, events);
                    pause = FIRST_PAUSE;
                    true
                }
                Err(LedgerError::Db(DbError::Unstorable)) => {
                    self.spool.is_refused(&stretch);
                    true
                }
                Err(error) => {
                    if !matches!(error, LedgerError::Db(DbError::Unavailable(_))) {
                        tracing::error!(%error, "what waits on disk is not taken; trying again");
                    }
                    self.spool.is_needed(&error);
                    if !self.spool.accepts() {
                        return Some(());
                    }
                    self.while_taking_in(sleep(pause)).await?;
                    pause = LONGEST_PAUSE.min(pause * 2);
                    false
                }
            };
        }
    }

    /// One attempt to store what comes next in the spool.
    async fn store(
        &mut self,
        stretch: &Stretch,
        held_back: bool,
    ) -> Option<Result<Stored, LedgerError>> {
        let stretch = stretch.clone();
        let state = self.state.clone();
        let mut writing = pin!(write(&state, move || vec![stretch.events()]));
        if !self.spool.accepts() {
            return Some(writing.await);
        }
        if held_back && let Ok(stored) = timeout(PATIENCE, &mut writing).await {
            return Some(stored);
        }
        self.while_taking_in(writing).await
    }

    /// Waits for something, while events that come go to the spool. `None` if nobody sends any more.
    async fn while_taking_in<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                outcome = &mut work => return Some(outcome),
                first = self.submissions.recv() => {
                    let batch = self.gather(first?);
                    self.keep(batch.records(), batch.waiters).await;
                }
            }
        }
    }
}

/// One transaction.
async fn write(
    state: &AppState,
    groups: impl FnOnce() -> Vec<Vec<Prepared>> + Send + 'static,
) -> Result<Stored, LedgerError> {
    let (started, signers) = (Instant::now(), Arc::clone(&state.signers));
    let stored = state.db.write(move |conn| store::insert(conn, &signers, groups())).await;
    state.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
    if let Ok(Stored { receipts, .. }) = &stored {
        let events: usize = receipts.iter().map(Vec::len).sum();
        state.metrics.commit_events.observe(events as f64);
    }
    stored
}

fn refuse(waiters: Vec<Waiter>, error: &LedgerError) {
    tracing::error!(%error, requests = waiters.len(), "events could not be stored");
    for waiter in waiters {
        let answer = match error {
            LedgerError::Db(DbError::Unavailable(cause)) => {
                ApiError::new(Code::Unavailable, "The database does not answer now.").because(cause)
            }
            other => ApiError::internal(other),
        };
        waiter.tell(Err(answer));
    }
}

/// The database is away, and the disk takes nothing.
fn no_room(cause: &str) -> ApiError {
    let detail =
        "The database does not answer now, and this node's disk has no room for more events.";
    ApiError::new(Code::Unavailable, detail).because(cause).retry_after(10)
}

/// Nobody commits any more.
pub(super) fn stopping() -> ApiError {
    ApiError::new(Code::Unavailable, "The service is stopping.")
}
