//! The database's own feed: the committed rows of `invocations`.

use super::store;
use crate::clock::Clock;
use crate::db::{Conn, Db, DbError};
use crate::invocations::{self, Commits, Facts};
use crate::ledger::{self, LedgerError, Log};
use bus::{Answer, Document, Entry, Source};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// How soon a commit of another process is seen.
const LOOK: Duration = Duration::from_millis(250);

/// The rows, as the feed's engine wants them.
pub(super) struct Rows {
    db: Db,
    clock: Clock,
    commits: Commits,
}

impl Rows {
    pub(super) fn new(db: Db, clock: Clock, commits: Commits) -> Self {
        Self { db, clock, commits }
    }
}

/// The index after the ledger's last, whether it was erased or not.
pub(super) fn end(conn: &mut Conn) -> Result<u64, LedgerError> {
    match ledger::head(conn, Log::Invocations) {
        Ok((_, size)) => Ok(size),
        // Nobody has served from this database yet.
        Err(LedgerError::Db(DbError::Query(diesel::result::Error::NotFound))) => Ok(0),
        Err(error) => Err(error),
    }
}

/// What the feed tells of an invocation. The row was derived from the cleaned record.
pub(super) fn entry(facts: Facts) -> Entry {
    Entry {
        index: facts.ledger_index as u64,
        project_id: facts.project_id,
        event_id: facts.event_id,
        occurred_at: facts.occurred_at,
        run_id: facts.run_id,
        stage: facts.stage,
        operation: facts.operation,
        provider: facts.provider,
        model: facts.model,
        tier: facts.tier,
        agent: facts.agent,
        key_id: facts.key_id,
        status: facts.status,
        error_type: facts.error_type,
        latency_us: facts.latency_us,
        input_tokens: facts.input_tokens,
        output_tokens: facts.output_tokens,
        cache_read_tokens: facts.cache_read_tokens,
        cache_write_tokens: facts.cache_write_tokens,
        reasoning_tokens: facts.reasoning_tokens,
        cost_nano_usd: facts.cost_nano_usd,
        unpriced: facts.unpriced,
    }
}

impl Source for Rows {
    fn read(&self, from: u64, limit: usize) -> Answer<'_, Vec<Entry>> {
        let read = move |conn: &mut Conn| {
            let rows = invocations::between(conn, &(from..=u64::MAX), limit)?;
            Ok::<_, DbError>(rows.into_iter().map(entry).collect())
        };
        async move { Ok(self.db.read(read).await?) }.boxed()
    }

    fn end(&self) -> Answer<'_, u64> {
        async move { Ok(self.db.read(end).await?) }.boxed()
    }

    fn wait(&self, from: u64, limit: Duration) -> BoxFuture<'_, ()> {
        async move {
            // Whoever waits in vain looks again.
            let _ = tokio::time::timeout(limit.min(LOOK), self.commits.reach(from)).await;
        }
        .boxed()
    }

    fn load<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Document>> {
        let name = name.to_owned();
        let load = move |conn: &mut Conn| Ok::<_, DbError>(store::document(conn, &name)?);
        async move { Ok(self.db.read(load).await?) }.boxed()
    }

    fn store<'a>(&'a self, name: &'a str, expected: Option<u64>, text: String) -> Answer<'a, bool> {
        let name = name.to_owned();
        let swap = move |conn: &mut Conn| {
            Ok::<_, DbError>(store::swap_document(conn, &name, expected, &text)?)
        };
        async move { Ok(self.db.write(swap).await?) }.boxed()
    }

    fn now(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.clock.now().micros()).unwrap_or(0))
    }
}
