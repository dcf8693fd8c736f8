//! One line per run.

use crate::breakdown::Named;
use crate::scope::widen;
use crate::usage::Figures;
use invocation::{Record, Timestamp};
use pricing::Usd;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most runs that a report lists.
pub(crate) const MAX_RUNS: usize = 1000;

/// The runs that the records belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// How many runs.
    pub count: u64,
    /// Records that belong to no run.
    pub records_without_run: u64,
    /// The first 1000 runs by the time of their first record, then by id.
    pub lines: Vec<RunLine>,
    /// How many runs have no line.
    pub omitted: u64,
}

/// One run, as far as its records are in the report's scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    /// The run.
    pub run_id: String,
    /// Records of any kind.
    pub invocations: u64,
    /// Records that are a call of a model itself.
    pub model_calls: u64,
    /// Records that ended in an error.
    pub errors: u64,
    /// Records of what a rule refused.
    pub blocked: u64,
    /// The cost of its priced model calls.
    pub cost_usd: Usd,
    /// Its calls of a named model that have no cost.
    pub unpriced: u64,
    /// When its first record's invocation started.
    pub first_occurred_at: Timestamp,
    /// When its last record's invocation started.
    pub last_occurred_at: Timestamp,
}

#[derive(Default)]
struct Run {
    figures: Figures,
    span: Option<(Timestamp, Timestamp)>,
}

impl Run {
    fn line(&self, id: &str) -> Option<RunLine> {
        let (first_occurred_at, last_occurred_at) = self.span?;
        Some(RunLine {
            run_id: id.to_owned(),
            invocations: self.figures.invocations,
            model_calls: self.figures.model_calls,
            errors: self.figures.errors,
            blocked: self.figures.blocked,
            cost_usd: self.figures.cost_usd,
            unpriced: self.figures.unpriced,
            first_occurred_at,
            last_occurred_at,
        })
    }
}

/// The section while it is counted. Every run is kept, since which come first is known at the end.
pub(crate) struct RunCounter {
    runs: Named<Run>,
    without_run: u64,
}

impl RunCounter {
    pub(crate) fn new() -> Self {
        Self { runs: Named::with_rows(usize::MAX), without_run: 0 }
    }

    /// Counts a record and gives its run's place among the runs.
    pub(crate) fn add(&mut self, record: &Record, figures: &Figures) -> Option<usize> {
        let Some(id) = &record.run_id else {
            self.without_run += 1;
            return None;
        };
        let slot = self.runs.slot(id.as_str());
        let run = self.runs.at(slot)?;
        run.figures.add(figures);
        widen(&mut run.span, record.occurred_at);
        Some(slot)
    }

    /// The section, and the ids of all runs by their place.
    pub(crate) fn finish(self) -> (Runs, Vec<Arc<str>>) {
        let runs = self.runs.into_rows();
        let mut order: Vec<&(Arc<str>, Run)> = runs.iter().collect();
        order.sort_unstable_by_key(|(id, run)| (run.span, id));
        let lines: Vec<RunLine> =
            order.into_iter().take(MAX_RUNS).filter_map(|(id, run)| run.line(id)).collect();
        let count = runs.len() as u64;
        let omitted = count - lines.len() as u64;
        let section = Runs { count, records_without_run: self.without_run, lines, omitted };
        (section, runs.into_iter().map(|(id, _)| id).collect())
    }
}
