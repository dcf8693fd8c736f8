//! Threads for work that would keep a worker from its connections: asking the database, scanning large
//! bodies, hashing passwords.
//!
//! Each kind has its own, a fixed number, and waits in line for them. On tokio's blocking pool a flood
//! of it would be hundreds of threads, each with its memory. The scheduler, fair to threads and not to
//! kinds of work, would leave those that answer and the one that commits a hundredth of a core each.
//! And these threads are nice: those that answer go first.

use std::sync::LazyLock;
use std::thread::available_parallelism;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// How nice threads are, as `nice(2)` has it: each step is a tenth less of a core that others want, too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Niceness(i32);

impl Niceness {
    /// What is to be recorded. Scanning and storing are alike: where storing came first, transactions
    /// would be many and small.
    pub(crate) const RECORDING: Self = Self(5);
    /// What can wait for that.
    pub(crate) const READING: Self = Self(10);
}

/// Scanning and sealing what clients send.
pub(crate) static SCANS: LazyLock<Threads> =
    LazyLock::new(|| Threads::new("scan", cores(), Niceness::RECORDING));

/// Hashing passwords, which is slow by intention and takes 19 MiB each: a flood of sign-ins holds up
/// sign-ins alone.
pub(crate) static HASHES: LazyLock<Threads> =
    LazyLock::new(|| Threads::new("hash", cores(), Niceness::READING));

/// Threads for one kind of work.
#[derive(Debug)]
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    /// So many, which end with this value when they have done what they are at.
    pub(crate) fn new(name: &str, count: usize, niceness: Niceness) -> Self {
        let threads = Builder::new_multi_thread()
            .worker_threads(count)
            .thread_name(name)
            .on_thread_start(move || {
                // On Linux a thread has a niceness of its own. Where it cannot be set, all are equal.
                let _ = rustix::process::setpriority_process(None, niceness.0);
            })
            .build();
        #[expect(clippy::expect_used, reason = "without threads there is no service")]
        Self(Some(threads.expect("the system gives a process its threads")))
    }

    /// Runs `work` when its turn has come. If nobody waits for it any more by then, it is not done.
    ///
    /// # Errors
    /// It panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Interrupted> {
        let (tell, told) = oneshot::channel();
        if let Some(threads) = &self.0 {
            threads.spawn(async move {
                if !tell.is_closed() {
                    let _ = tell.send(work());
                }
            });
        }
        told.await.map_err(|_| Interrupted)
    }
}

/// The work came to no end: it panicked, or its threads were shut down.
#[derive(Debug, thiserror::Error)]
#[error("the work ended early")]
pub(crate) struct Interrupted;

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            // Whoever drops it may be a task, which must not wait.
            threads.shutdown_background();
        }
    }
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::sync::{Arc, mpsc};

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_threads_live_on() {
        let broken = SCANS.run(|| assert!(std::hint::black_box(false))).await;
        assert!(broken.is_err());
        assert_eq!(SCANS.run(|| 2 + 2).await.ok(), Some(4));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_done() {
        let one = Threads::new("test", 1, Niceness::READING);
        let (release, released) = mpsc::channel();
        let mut first = pin!(one.run(move || released.recv()));
        assert!(first.as_mut().now_or_never().is_none());
        let done = Arc::new(AtomicBool::new(false));
        {
            let done = Arc::clone(&done);
            let mut gone = pin!(one.run(move || done.store(true, Relaxed)));
            assert!(gone.as_mut().now_or_never().is_none());
        }
        release.send(()).unwrap();
        assert!(first.await.is_ok());
        assert!(one.run(|| ()).await.is_ok(), "its turn is after the other's");
        assert!(!done.load(Relaxed));
    }
}
