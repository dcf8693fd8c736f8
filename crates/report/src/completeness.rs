//! Whether records are missing, as far as their senders' own counts can tell.

use crate::numbers::Total;
use invocation::{Record, Source, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most runs that are listed.
const MAX_RUNS: usize = 1000;
/// The most missing ranges that are listed for a run.
const MAX_RANGES: usize = 100;
/// Later than this is late.
const LATE_SECONDS: u64 = 300;

/// Gaps in the senders' counts, and records that came late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// Records with a sequence number in a run.
    pub sequenced: u64,
    /// Records without a sequence number, or in no run: whether some are missing cannot be told.
    pub unsequenced: u64,
    /// Runs with sequence numbers.
    pub runs_checked: u64,
    /// Those of them with missing or repeated numbers.
    pub runs_with_faults: u64,
    /// Missing numbers in all of them.
    pub missing: Total,
    /// Repeated numbers in all of them: records beyond the first with the same number.
    pub repeated: u64,
    /// The first 1000 runs, those with faults first, then by id.
    pub runs: Vec<RunSequence>,
    /// How many checked runs are not listed.
    pub runs_omitted: u64,
    /// Records that came long after what they tell of.
    pub late: Late,
    /// Records that waited on a node's disk, since they came while the database was away.
    #[serde(default)]
    pub spooled: u64,
    /// Records by the way they came.
    pub sources: Sources,
}

/// The sequence numbers of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSequence {
    /// The run.
    pub run_id: String,
    /// The smallest number.
    pub first: u64,
    /// The largest number.
    pub last: u64,
    /// Records with a number.
    pub count: u64,
    /// Numbers below the largest that no record has. Below the first they count from 1, and only
    /// where the report has no start of a period, before which the run may have begun.
    pub missing: Total,
    /// The first 100 ranges of missing numbers.
    pub missing_ranges: Vec<Range>,
    /// How many ranges there are.
    pub missing_range_count: u64,
    /// Records beyond the first with the same number.
    pub repeated: u64,
}

impl RunSequence {
    pub(crate) fn is_whole(&self) -> bool {
        self.missing_range_count == 0 && self.repeated == 0
    }
}

/// Whole numbers from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// Records whose `recorded_at` is far behind their `occurred_at`, the start of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// What counts as late: a lag above this many seconds.
    pub threshold_seconds: u64,
    /// How many records are late.
    pub count: u64,
    /// The largest lag of any record in whole milliseconds; 0 when no clock ran behind.
    pub largest_lag_ms: u64,
}

/// How many records came each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The JSON API.
    pub rest: u64,
    /// OTLP/HTTP.
    pub otlp: u64,
}

/// The section while it is counted.
#[derive(Default)]
pub(crate) struct CompletenessCounter {
    /// Each record's run, by its place, and number: 16 bytes a record, sorted at the end.
    numbers: Vec<(usize, u64)>,
    unsequenced: u64,
    late: u64,
    largest_lag_micros: u64,
    spooled: u64,
    sources: Sources,
}

impl CompletenessCounter {
    /// Counts a record that belongs to the run at `slot`.
    pub(crate) fn add(&mut self, record: &Record, slot: Option<usize>) {
        match slot.zip(record.client_sequence) {
            Some((slot, number)) => self.numbers.push((slot, number.get())),
            None => self.unsequenced += 1,
        }
        let lag = lag_micros(record.occurred_at, record.recorded_at);
        self.late += u64::from(lag > LATE_SECONDS * 1_000_000);
        self.largest_lag_micros = self.largest_lag_micros.max(lag);
        self.spooled += u64::from(record.spooled);
        match record.source {
            Source::Rest => self.sources.rest += 1,
            Source::Otlp => self.sources.otlp += 1,
        }
    }

    /// `ids` has each run's id by its place; `from_start` says that no record of a run can lie
    /// before the report's period.
    pub(crate) fn finish(mut self, ids: &[Arc<str>], from_start: bool) -> Completeness {
        self.numbers.sort_unstable();
        let mut runs: Vec<RunSequence> = self
            .numbers
            .chunk_by(|(a, _), (b, _)| a == b)
            .filter_map(|numbers| sequence(ids, numbers, from_start))
            .collect();
        runs.sort_unstable_by(|a, b| {
            a.is_whole().cmp(&b.is_whole()).then_with(|| a.run_id.cmp(&b.run_id))
        });
        let mut missing = Total::default();
        runs.iter().for_each(|run| missing += run.missing.get());
        let runs_checked = runs.len() as u64;
        let runs_with_faults = runs.iter().filter(|run| !run.is_whole()).count() as u64;
        let repeated = runs.iter().map(|run| run.repeated).sum();
        runs.truncate(MAX_RUNS);
        Completeness {
            sequenced: self.numbers.len() as u64,
            unsequenced: self.unsequenced,
            runs_checked,
            runs_with_faults,
            missing,
            repeated,
            runs_omitted: runs_checked - runs.len() as u64,
            runs,
            late: Late {
                threshold_seconds: LATE_SECONDS,
                count: self.late,
                largest_lag_ms: self.largest_lag_micros / 1000,
            },
            spooled: self.spooled,
            sources: self.sources,
        }
    }
}

fn lag_micros(occurred: Timestamp, recorded: Timestamp) -> u64 {
    let lag = recorded.micros().saturating_sub(occurred.micros());
    u64::try_from(lag).unwrap_or(0)
}

/// What the sorted numbers of one run tell.
fn sequence(ids: &[Arc<str>], numbers: &[(usize, u64)], from_start: bool) -> Option<RunSequence> {
    let (slot, first) = *numbers.first()?;
    let (_, last) = *numbers.last()?;
    let mut run = RunSequence {
        run_id: ids.get(slot)?.to_string(),
        first,
        last,
        count: numbers.len() as u64,
        missing: Total::default(),
        missing_ranges: Vec::new(),
        missing_range_count: 0,
        repeated: 0,
    };
    // Senders may count from 0 or from 1, so 0 is never missed.
    let mut expected = if from_start { 1.min(first) } else { first };
    for (at, (_, number)) in numbers.iter().enumerate() {
        if at > 0 && *number < expected {
            run.repeated += 1;
            continue;
        }
        if *number > expected {
            run.miss(expected, number - 1);
        }
        expected = number + 1;
    }
    Some(run)
}

impl RunSequence {
    fn miss(&mut self, first: u64, last: u64) {
        self.missing += last - first + 1;
        self.missing_range_count += 1;
        if self.missing_ranges.len() < MAX_RANGES {
            self.missing_ranges.push(Range { first, last });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(numbers: &[u64], from_start: bool) -> (Vec<(u64, u64)>, u64, u64) {
        let mut numbers: Vec<_> = numbers.iter().map(|n| (0, *n)).collect();
        numbers.sort_unstable();
        let run = sequence(&["r".into()], &numbers, from_start).unwrap();
        let ranges = run.missing_ranges.iter().map(|range| (range.first, range.last)).collect();
        (ranges, run.missing.get(), run.repeated)
    }

    #[test]
    fn gaps_and_repeats() {
        assert_eq!(told(&[0, 1, 2], true), (vec![], 0, 0));
        assert_eq!(told(&[1, 2, 3], true), (vec![], 0, 0));
        assert_eq!(told(&[3, 1, 6, 3, 3], true), (vec![(2, 2), (4, 5)], 3, 2));
        assert_eq!(told(&[0, 0], true), (vec![], 0, 1));
    }

    #[test]
    fn what_came_before_the_first_is_missed_only_from_the_start() {
        assert_eq!(told(&[4, 5], true), (vec![(1, 3)], 3, 0));
        assert_eq!(told(&[4, 5], false), (vec![], 0, 0));
    }

    #[test]
    fn ranges_are_bounded_and_still_counted() {
        let odd: Vec<u64> = (0..300).map(|n| 2 * n + 1).collect();
        let (ranges, missing, _) = told(&odd, true);
        assert_eq!((ranges.len(), missing), (MAX_RANGES, 299));
    }
}
