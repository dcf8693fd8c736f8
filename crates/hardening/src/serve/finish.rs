//! What a client began is done to its end, even if it goes away meanwhile.
//!
//! Else whoever hangs up at the right moment has half of it done: a change without the answer that is
//! kept for its repetition (`Idempotency-Key`), a guess at a password without its record.

use std::future::{Future, pending};
use std::panic::resume_unwind;
use tokio::task::spawn_local;

/// Waits for `work`, which goes on when nobody waits for it any more, on the same thread.
pub(super) async fn finish<T: 'static>(work: impl Future<Output = T> + 'static) -> T {
    match spawn_local(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The thread ends, and whoever waits here with it.
            Err(_) => pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::cell::Cell;
    use std::pin::pin;
    use std::rc::Rc;
    use tokio::sync::Notify;
    use tokio::task::{LocalSet, yield_now};

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it() {
        let (go, done) = (Rc::new(Notify::new()), Rc::new(Cell::new(false)));
        let work = {
            let (go, done) = (Rc::clone(&go), Rc::clone(&done));
            async move {
                go.notified().await;
                done.set(true);
            }
        };
        let abandon = async {
            {
                let mut waiting = pin!(finish(work));
                assert!(waiting.as_mut().now_or_never().is_none());
            }
            go.notify_one();
            while !done.get() {
                yield_now().await;
            }
        };
        LocalSet::new().run_until(abandon).await;
    }

    #[tokio::test]
    async fn a_panic_is_that_of_who_waits() {
        let local = LocalSet::new();
        let work = async { resume_unwind(Box::new("why")) };
        let caught = local.run_until(std::panic::AssertUnwindSafe(finish(work)).catch_unwind());
        let caught: Result<(), _> = caught.await;
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"why"));
    }
}
