//! Asking tasks to end, and waiting until they have.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Tasks that end when they are asked to.
pub(super) struct Tasks {
    asked: watch::Sender<bool>,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Tasks {
    pub(super) fn new() -> Self {
        Self { asked: watch::Sender::new(false), running: Mutex::default() }
    }

    /// Starts one.
    pub(super) fn spawn<F>(&self, task: impl FnOnce(Stop) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let running = tokio::spawn(task(Stop(self.asked.subscribe())));
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(running);
    }

    /// Asks all to end, and waits until they have.
    pub(super) async fn stop(&self) {
        self.asked.send_replace(true);
        let running =
            std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for task in running {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the insights feed ended early");
            }
        }
    }
}

/// Whether to end.
#[derive(Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(super) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub(super) async fn asked(&self) {
        // It fails if nobody is left to ask.
        let _ = self.0.clone().wait_for(|asked| *asked).await;
    }

    /// Waits for a while, or until it is asked to end.
    pub(super) async fn pause(&self, while_: Duration) {
        let _ = tokio::time::timeout(while_, self.asked()).await;
    }
}
