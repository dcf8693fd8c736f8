//! The way into the database for events, as handlers see it: they submit, and get receipts.

use super::committer::{self, Committer};
use super::intake::Prepared;
use super::spool::{SpoolError, SpoolState, Spooler, Watched};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use invocation::Source;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

/// What a sender gets for an event that is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Receipt {
    /// The event's id, made by the service if the sender gave none.
    pub event_id: String,
    /// Its place in the `invocations` log; null while it is `spooled`, since it has none yet.
    #[schema(required)]
    pub ledger_index: Option<u64>,
    /// Whether it had been acknowledged before; the receipt is then the first one's. Of an event that
    /// is `spooled` this tells of other spooled ones only.
    pub duplicate: bool,
    /// Where it is.
    pub state: ReceiptState,
}

/// Where an event is that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// In the database and the ledger.
    Stored,
    /// On the node's disk, since the database is away; it goes into the ledger when that is back.
    Spooled,
}

impl Receipt {
    /// Of an event that is in the ledger.
    pub(super) fn stored(event_id: String, ledger_index: u64, duplicate: bool) -> Self {
        let (ledger_index, state) = (Some(ledger_index), ReceiptState::Stored);
        Self { event_id, ledger_index, duplicate, state }
    }

    /// Of an event that waits on the disk.
    pub(super) fn spooled(event_id: String, duplicate: bool) -> Self {
        Self { event_id, ledger_index: None, duplicate, state: ReceiptState::Spooled }
    }

    /// As it is counted.
    fn outcome(&self) -> &'static str {
        match (self.duplicate, self.state) {
            (true, _) => "duplicate",
            (false, ReceiptState::Stored) => "stored",
            (false, ReceiptState::Spooled) => "spooled",
        }
    }
}

/// Events that wait beyond this many are refused: a second or two of work, and what memory holds.
const QUEUE: usize = 65_536;

/// The way into the database for events. Cheap to clone.
#[derive(Clone)]
pub struct Batcher {
    queue: mpsc::UnboundedSender<Submission>,
    /// One permit for each event that may still wait.
    room: Arc<Semaphore>,
    commits: Commits,
    spool: Watched,
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

/// What one request brings.
pub(super) struct Submission {
    pub(super) events: Vec<Prepared>,
    pub(super) waiter: Waiter,
}

/// Who waits for the receipts.
pub(super) struct Waiter {
    receipts: oneshot::Sender<Result<Vec<Receipt>, ApiError>>,
    /// Held until the events are durable or refused.
    _room: OwnedSemaphorePermit,
}

impl Waiter {
    /// A client that went away gets the same receipt when it sends the event again.
    pub(super) fn tell(self, outcome: Result<Vec<Receipt>, ApiError>) {
        let _ = self.receipts.send(outcome);
    }
}

impl Batcher {
    /// Takes the spool and starts the task that commits; it ends when the last handle is dropped.
    ///
    /// # Errors
    /// The spool cannot be used, or a metric is registered twice.
    pub async fn start(state: AppState) -> Result<Self, SpoolError> {
        let (queue, submissions) = mpsc::unbounded_channel();
        let (committed, commits) = watch::channel(0);
        let spooler = Spooler::start(&state).await?;
        let spool = spooler.watched();
        tokio::spawn(Committer::new(state, submissions, committed, spooler)?.run());
        Ok(Self { queue, room: Arc::new(Semaphore::new(QUEUE)), commits: Commits(commits), spool })
    }

    /// What it commits.
    pub fn commits(&self) -> Commits {
        self.commits.clone()
    }

    /// How the spool is; `None` if this process has none.
    pub fn spool(&self) -> Option<SpoolState> {
        self.spool.now()
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
        self.queue.send(Submission { events, waiter }).map_err(|_| committer::stopping())?;
        let receipts = answer.await.map_err(|_| committer::stopping())??;
        let source = if source == Source::Rest { "rest" } else { "otlp" };
        for outcome in ["stored", "spooled", "duplicate"] {
            let number = receipts.iter().filter(|receipt| receipt.outcome() == outcome).count();
            state.metrics.events.with_label_values(&[source, outcome]).inc_by(number as u64);
        }
        Ok(receipts)
    }
}
