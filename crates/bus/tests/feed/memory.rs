//! A database as far as the feed sees one.

use bus::{Answer, Document, Entry, Source};
use futures_util::future::{BoxFuture, FutureExt, ready};
use rand::RngExt;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

pub(crate) struct Memory {
    tables: Mutex<Tables>,
    committed: Notify,
    started: Instant,
}

#[derive(Default)]
struct Tables {
    entries: BTreeMap<u64, Entry>,
    end: u64,
    documents: HashMap<String, Document>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        let (tables, committed) = (Mutex::default(), Notify::new());
        Self { tables, committed, started: Instant::now() }
    }

    pub(crate) fn commit(&self, count: u64) {
        let mut tables = self.tables();
        for index in tables.end..tables.end + count {
            tables.entries.insert(index, entry(index));
        }
        tables.end += count;
        self.committed.notify_waiters();
    }

    pub(crate) fn erase(&self, index: u64) {
        self.tables().entries.remove(&index);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.from(0, usize::MAX)
    }

    pub(crate) fn from(&self, from: u64, limit: usize) -> Vec<Entry> {
        self.tables().entries.range(from..).take(limit).map(|(_, entry)| entry.clone()).collect()
    }

    pub(crate) fn last(&self) -> u64 {
        self.tables().end
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }
}

pub(crate) fn entry(index: u64) -> Entry {
    Entry {
        index,
        project_id: "project".to_owned(),
        event_id: format!("event-{index}"),
        occurred_at: 1_795_000_000_000_000 + index as i64,
        model: Some("gpt-5".to_owned()),
        status: "ok".to_owned(),
        input_tokens: 10,
        cost_nano_usd: Some(index as i64),
        ..Entry::default()
    }
}

impl Source for Memory {
    fn read(&self, from: u64, limit: usize) -> Answer<'_, Vec<Entry>> {
        ready(Ok(self.from(from, limit))).boxed()
    }

    fn end(&self) -> Answer<'_, u64> {
        ready(Ok(self.last())).boxed()
    }

    fn wait(&self, from: u64, limit: Duration) -> BoxFuture<'_, ()> {
        async move {
            let committed = self.committed.notified();
            if self.last() <= from {
                // Whoever waits in vain looks again.
                let _ = tokio::time::timeout(limit, committed).await;
            }
        }
        .boxed()
    }

    fn load<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Document>> {
        ready(Ok(self.tables().documents.get(name).cloned())).boxed()
    }

    fn store<'a>(&'a self, name: &'a str, expected: Option<u64>, text: String) -> Answer<'a, bool> {
        async move {
            // It takes its time, now more, now less, and others come in between.
            let turns = rand::rng().random_range(1..4);
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            let documents = &mut self.tables().documents;
            let current = documents.get(name).map(|document| document.version);
            if current == expected {
                let version = current.unwrap_or(0) + 1;
                documents.insert(name.to_owned(), Document { version, text });
            }
            Ok(current == expected)
        }
        .boxed()
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}
