//! Group commit: what many requests bring while one transaction runs goes into the next, together.

use super::intake::Prepared;
use super::store;
use crate::error::{ApiError, Code};
use crate::ledger::LedgerError;
use crate::state::AppState;
use invocation::Source;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

/// What a sender gets for an event that is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Receipt {
    /// The event's id, made by the service if the sender gave none.
    pub event_id: String,
    /// Its place in the `invocations` log.
    pub ledger_index: u64,
    /// Whether it had been stored before; the receipt is then the first one's.
    pub duplicate: bool,
}

/// Events that wait beyond this many are refused: a second or two of work, and what memory holds.
const QUEUE: usize = 65_536;

/// A transaction takes no more events than this, so that its waiters do not wait for long.
const MAX_EVENTS: usize = 4096;

/// The way into the database for events. Cheap to clone.
#[derive(Clone)]
pub struct Batcher {
    queue: mpsc::UnboundedSender<Submission>,
    /// One permit for each event that may still wait.
    room: Arc<Semaphore>,
    commits: Commits,
}

/// Tells what this process commits, as it does. Clones are alike.
#[derive(Debug, Clone)]
pub struct Commits(watch::Receiver<u64>);

impl Commits {
    /// Of a process that commits no events.
    pub fn none() -> Self {
        Self(watch::channel(0).1)
    }

    /// Waits until this process has committed an event at ledger index `from` or a higher one;
    /// for ever if it commits none any more.
    pub async fn reach(&self, from: u64) {
        if self.0.clone().wait_for(|end| *end > from).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

struct Submission {
    events: Vec<Prepared>,
    waiter: Waiter,
}

/// Who waits for the receipts.
struct Waiter {
    receipts: oneshot::Sender<Result<Vec<Receipt>, ApiError>>,
    /// Held until the events are committed or refused.
    _room: OwnedSemaphorePermit,
}

impl Batcher {
    /// Starts the task that commits; it ends when the last handle is dropped.
    pub fn start(state: AppState) -> Self {
        let (queue, submissions) = mpsc::unbounded_channel();
        let (committed, commits) = watch::channel(0);
        tokio::spawn(commit_all(state, submissions, committed));
        Self { queue, room: Arc::new(Semaphore::new(QUEUE)), commits: Commits(commits) }
    }

    /// What it commits.
    pub fn commits(&self) -> Commits {
        self.commits.clone()
    }

    /// Stores events; returns when they are durable, with a receipt for each in order.
    pub(super) async fn submit(
        &self,
        state: &AppState,
        source: Source,
        events: Vec<Prepared>,
    ) -> Result<Vec<Receipt>, ApiError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (receipts, answer) = oneshot::channel();
        let full =
            |_| ApiError::new(Code::Unavailable, "Too many events are waiting to be stored.");
        let wanted = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let _room = Arc::clone(&self.room).try_acquire_many_owned(wanted).map_err(full)?;
        let waiter = Waiter { receipts, _room };
        let stopping = || ApiError::new(Code::Unavailable, "The service is stopping.");
        self.queue.send(Submission { events, waiter }).map_err(|_| stopping())?;
        let receipts = answer.await.map_err(|_| stopping())??;
        let count = |outcome, number: usize| {
            let source = if source == Source::Rest { "rest" } else { "otlp" };
            state.metrics.events.with_label_values(&[source, outcome]).inc_by(number as u64);
        };
        let duplicates = receipts.iter().filter(|receipt| receipt.duplicate).count();
        count("duplicate", duplicates);
        count("stored", receipts.len() - duplicates);
        Ok(receipts)
    }
}

async fn commit_all(
    state: AppState,
    mut submissions: mpsc::UnboundedReceiver<Submission>,
    committed: watch::Sender<u64>,
) {
    while let Some(first) = submissions.recv().await {
        let mut events = first.events.len();
        let mut batch = vec![first];
        while events < MAX_EVENTS
            && let Ok(next) = submissions.try_recv()
        {
            events += next.events.len();
            batch.push(next);
        }
        if let Some(end) = commit(&state, batch, events).await {
            committed.send_replace(end);
        }
    }
}

/// The index after the last event that was stored, if any was.
async fn commit(state: &AppState, batch: Vec<Submission>, events: usize) -> Option<u64> {
    let started = Instant::now();
    let (events_of, waiters): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|submission| (submission.events, submission.waiter)).unzip();
    let signers = Arc::clone(&state.signers);
    let stored = state.db.write(move |conn| store::insert(conn, &signers, events_of)).await;
    state.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
    state.metrics.commit_events.observe(events as f64);
    match stored {
        Ok(receipts) => {
            let new = receipts.iter().flatten().filter(|receipt| !receipt.duplicate);
            let end = new.map(|receipt| receipt.ledger_index + 1).max();
            for (waiter, receipts) in waiters.into_iter().zip(receipts) {
                // A client that went away gets the same receipt when it sends the event again.
                let _ = waiter.receipts.send(Ok(receipts));
            }
            end
        }
        Err(error) => {
            refuse(waiters, &error);
            None
        }
    }
}

fn refuse(waiters: Vec<Waiter>, error: &LedgerError) {
    tracing::error!(%error, requests = waiters.len(), "events could not be stored");
    for waiter in waiters {
        let answer = match error {
            LedgerError::Db(crate::db::DbError::Unavailable(cause)) => {
                ApiError::new(Code::Unavailable, "The database does not answer now.").because(cause)
            }
            other => ApiError::internal(other),
        };
        let _ = waiter.receipts.send(Err(answer));
    }
}
