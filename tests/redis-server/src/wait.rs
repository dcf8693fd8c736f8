//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Asks until there is an answer, for 30 s at most.
///
/// # Panics
/// It never comes.
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(30), what, ask)
}

/// Asks until there is an answer, for `limit` at most.
///
/// # Panics
/// It never comes.
pub fn within<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "after {limit:?} still not: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
