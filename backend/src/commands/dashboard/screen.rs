//! Looking at the service: all that one look shows.

use super::figures::Figures;
use super::levels::{Level, worst};
use super::sample::Sample;
use crate::clock::Clock;
use crate::commands::client::Client;
use crate::commands::readiness::Ready;
use invocation::Timestamp;
use serde::Deserialize;
use std::collections::VecDeque;
use std::time::Instant;

/// How many looks the curves remember.
const REMEMBERED: usize = 300;

/// What one look shows.
#[derive(Debug, Clone)]
pub(super) struct Screen {
    /// Where the service is.
    pub(super) base: String,
    /// When it was looked at.
    pub(super) at: Timestamp,
    /// What `/ready` says, or why it says nothing.
    pub(super) ready: Result<Ready, String>,
    /// What `/metrics` says; `None` before the second look.
    pub(super) figures: Result<Option<Figures>, String>,
    /// What calls cost; `None` without a key.
    pub(super) costs: Option<Result<Costs, String>>,
    /// Answers a second, oldest first.
    pub(super) requests: Vec<u64>,
}

impl Screen {
    pub(super) fn worst(&self) -> Level {
        match (&self.ready, &self.figures) {
            (Err(_), _) | (_, Err(_)) => Level::Critical,
            (Ok(ready), _) if !ready.serves() => Level::Critical,
            (_, Ok(figures)) => figures.as_ref().map_or(Level::Well, worst),
        }
    }
}

/// What calls cost, by model.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Costs {
    pub(super) items: Vec<Line>,
    pub(super) total: Line,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Line {
    #[serde(default)]
    pub(super) key: Option<String>,
    pub(super) invocations: u64,
    pub(super) cost_usd: String,
}

/// What is looked at, and what the last look saw.
pub(super) struct Source {
    client: Client,
    metrics: Option<String>,
    project: String,
    /// How far back costs go, in microseconds.
    since: i64,
    last: Option<Sample>,
    requests: VecDeque<u64>,
}

impl Source {
    pub(super) fn new(
        client: Client,
        metrics: Option<String>,
        project: String,
        since: i64,
    ) -> Self {
        Self { client, metrics, project, since, last: None, requests: VecDeque::new() }
    }

    pub(super) fn look(&mut self) -> Screen {
        let at = Clock::default().now();
        let figures = self.figures();
        if let Ok(Some(Figures { requests: Some(requests), .. })) = &figures {
            self.requests.push_back(*requests as u64);
            if self.requests.len() > REMEMBERED {
                self.requests.pop_front();
            }
        }
        Screen {
            base: self.client.base().to_owned(),
            ready: Ready::of(&self.client),
            costs: self.client.has_key().then(|| self.costs(at)),
            requests: self.requests.iter().copied().collect(),
            figures,
            at,
        }
    }

    fn figures(&mut self) -> Result<Option<Figures>, String> {
        let answer = match &self.metrics {
            Some(url) => self.client.get_from(url),
            None => self.client.get("/metrics"),
        };
        let text = answer.and_then(|answer| answer.expect(200));
        let now = Sample::read(&text.inspect_err(|_| self.last = None)?.text, Instant::now());
        let figures = self.last.as_ref().map(|before| Figures::between(before, &now));
        self.last = Some(now);
        Ok(figures)
    }

    fn costs(&self, at: Timestamp) -> Result<Costs, String> {
        let from = Timestamp::from_micros(at.micros().saturating_sub(self.since));
        let project = &self.project;
        let path = format!("/api/v1/projects/{project}/costs?group_by=model&from={from}");
        self.client.get_with_key(&path)?.expect(200)?.json()
    }
}
