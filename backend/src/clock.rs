//! Time and ids: the two things that differ between two runs of the same code.

use invocation::Timestamp;
use uuid::Uuid;

/// Tells the time and makes ids. Tests give it a time of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    fixed: Option<Timestamp>,
}

impl Clock {
    /// A clock that stands still.
    pub const fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(at) }
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(|| chrono::Utc::now().into())
    }

    /// A new `UUIDv7` (RFC 9562), ordered by time.
    pub fn new_id(&self) -> String {
        Uuid::now_v7().to_string()
    }
}
