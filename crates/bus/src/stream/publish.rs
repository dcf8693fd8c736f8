//! Into the stream, and out of it when it is old.

use super::{StreamFeed, millis};
use crate::bus::Published;
use crate::entry::Entry;
use crate::error::Error;
use crate::wire;
use std::time::Duration;

/// So many entries are one script: long enough to be cheap, short enough (a few milliseconds) that
/// nobody else waits long for Redis.
const STEP: usize = 256;

/// A consumer that was not seen for so long is gone.
const ABSENCE: Duration = Duration::from_secs(3600);

impl StreamFeed {
    pub(crate) async fn open(&self, from: u64, end: u64) -> Result<u64, Error> {
        let mut call = self.scripts.open.key(self.key());
        call.arg(from).arg(end).arg(self.settings.length);
        self.run(&call).await
    }

    /// What came of it, and how many were added.
    pub(crate) async fn publish(
        &self,
        from: u64,
        entries: &[Entry],
    ) -> Result<(Published, u64), Error> {
        let (mut from, mut added, mut next) = (from, 0, from);
        for step in entries.chunks(STEP) {
            let (reached, more) = self.append(from, step).await?;
            (next, added) = (reached, added + more);
            if reached < from {
                return Ok((Published::Behind(reached), added));
            }
            from = step.last().map_or(from, |entry| entry.index + 1);
            if reached < from {
                return Ok((Published::Full(reached), added));
            }
        }
        Ok((Published::Through(next), added))
    }

    async fn append(&self, from: u64, entries: &[Entry]) -> Result<(u64, u64), Error> {
        let mut call = self.scripts.publish.key(self.key());
        call.arg(from).arg(self.settings.capacity);
        let mut since = from;
        for entry in entries {
            let mut fields = wire::write(entry);
            if since < entry.index {
                fields.push(("since".to_owned(), since.to_string()));
            }
            call.arg(entry.index).arg(2 * fields.len());
            for (name, text) in fields {
                call.arg(name).arg(text);
            }
            since = entry.index + 1;
        }
        self.run(&call).await
    }

    pub(crate) async fn trim(&self) -> Result<u64, Error> {
        let mut call = self.scripts.trim.key(self.key());
        let age = millis(self.settings.age);
        call.arg(self.settings.length).arg(age).arg(millis(ABSENCE));
        self.run(&call).await
    }
}
