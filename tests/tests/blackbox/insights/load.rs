//! Events that differ in everything that rollups tell apart, and senders of them.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use tests::{Client, bodies};

/// `count` events, over some hours.
pub(crate) fn events(name: &str, count: usize) -> Value {
    let event = |n: usize| {
        let changes = json!({
            "occurred_at": format!("2026-03-0{}T{:02}:{:02}:30Z", 1 + n % 2, n % 5, n * 7 % 60),
            "run_id": (!n.is_multiple_of(7)).then(|| format!("run-{}", n % 4)),
            "stage": (["search", "screen"][n % 2]),
            "agent": (!n.is_multiple_of(3)).then(|| format!("agent-{}", n % 3)),
            "model": (["gpt-4o-mini", "gpt-4o", "nobody-s-model"][n % 3]),
            "tier": (["mini", "frontier"][n % 2]),
            "status": if n.is_multiple_of(11) { "error" } else { "ok" },
            "usage": {"input_tokens": 100 + n, "output_tokens": n},
        });
        bodies::with(bodies::event(&format!("{name}-{n}")), changes)
    };
    json!({"events": (0..count).map(event).collect::<Vec<_>>()})
}

/// Sends all the time, two at once, while `what` happens; no answer is a fault of the service's.
/// Every fourth batch comes twice. Returns how many different events were acknowledged.
pub(crate) fn under_load(key: &Client, name: &str, what: impl FnOnce()) -> usize {
    /// Ends the senders even if `what` panics.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    let (done, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let send = |sender: usize| {
        for batch in 0.. {
            if done.load(Relaxed) {
                break;
            }
            let body = events(&format!("{name}-{sender}-{batch}"), 20);
            let times = if batch % 4 == 0 { 2 } else { 1 };
            for _ in 0..times {
                key.ingest(&body).expect(200);
            }
            sent.fetch_add(20, Relaxed);
        }
    };
    thread::scope(|scope| {
        let _done = Done(&done);
        for sender in 0..2 {
            let send = &send;
            scope.spawn(move || send(sender));
        }
        what();
    });
    sent.load(Relaxed)
}
