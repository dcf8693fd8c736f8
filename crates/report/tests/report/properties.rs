//! What holds for any records.

use crate::given::{faults, record, report, scope};
use invocation::{CostSource, Count, Millis, Record, RecordedCost, Status, Timestamp};
use pricing::Usd;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use report::{Breakdown, Figures, Report};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static BLANK: LazyLock<Record> = LazyLock::new(|| record(json!({}), 0));

fn label<T: std::fmt::Display>(text: T) -> invocation::Label {
    text.to_string().try_into().unwrap()
}

prop_compose! {
    fn any_record()(
        model in option::of(0..4u8),
        operation in option::of(prop_oneof![Just("chat"), Just("tool"), Just("embeddings")]),
        status in prop_oneof![3 => Just(Status::Ok), 1 => Just(Status::Error), 1 => Just(Status::Blocked)],
        run in option::of(0..3u8),
        sequence in option::of(0..30u64),
        agent in option::of(0..3u8),
        latency in option::of(0..5_000_000u64),
        tokens in option::of(0..1_000_000_000_000u64),
        cost in option::of(0..i64::MAX),
        times in (0..1_000_000_000i64, 0..1_000_000_000i64),
    ) -> Record {
        let mut record = BLANK.clone();
        record.model = model.map(label);
        record.operation = operation.map(label);
        record.status = status;
        record.run_id = run.map(label);
        record.client_sequence = sequence.and_then(Count::new);
        record.agent = agent.map(label);
        record.latency_ms = latency.and_then(Millis::from_micros);
        record.usage.input_tokens = tokens.and_then(Count::new);
        record.cost_usd = cost.map(Usd::from_nano);
        record.cost = cost.map(|_| RecordedCost { source: CostSource::Reported, table: None });
        record.occurred_at = Timestamp::from_micros(times.0);
        record.recorded_at = Timestamp::from_micros(times.1);
        record
    }
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    vec(any_record(), 0..60)
}

/// Everything but where the records are sealed.
fn apart_from_ledger(mut report: Report) -> Report {
    report.ledger.entries_sha256.clear();
    report
}

fn reached_a_model(record: &&Record) -> bool {
    record.is_model_call() && record.status != Status::Blocked
}

proptest! {
    #[test]
    fn each_division_adds_up_to_the_whole(records in records()) {
        let usage = report(scope(), &records).usage;
        let divisions = [
            &usage.by_model, &usage.by_provider, &usage.by_tier, &usage.by_agent,
            &usage.by_stage, &usage.by_operation, &usage.by_key,
        ];
        for by in divisions {
            let sum = |figure: fn(&Figures) -> u64| by.rows.iter().map(|row| figure(&row.figures)).sum::<u64>();
            prop_assert_eq!(sum(|f| f.invocations), usage.total.invocations);
            prop_assert_eq!(sum(|f| f.model_calls), usage.total.model_calls);
            prop_assert_eq!(sum(|f| f.errors), usage.total.errors);
            prop_assert_eq!(sum(|f| f.blocked), usage.total.blocked);
            prop_assert_eq!(sum(|f| f.unpriced), usage.total.unpriced);
            prop_assert_eq!(sum(|f| f.input_tokens.get()), usage.total.input_tokens.get());
            prop_assert_eq!(cost(by), usage.total.cost_usd.nano());
        }
    }

    #[test]
    fn the_sections_agree(records in records()) {
        let report = report(scope(), &records);
        let (total, cost) = (report.usage.total, &report.cost);
        prop_assert_eq!(cost.priced + cost.unpriced + cost.unnamed, total.model_calls);
        prop_assert_eq!(cost.total_usd, total.cost_usd);
        prop_assert_eq!(cost.unpriced, total.unpriced);
        prop_assert_eq!((report.errors.count, report.errors.blocked), (total.errors, total.blocked));
        let lines: u64 = report.runs.lines.iter().map(|line| line.invocations).sum();
        prop_assert_eq!(lines + report.runs.records_without_run, total.invocations);
        let told = &report.completeness;
        prop_assert_eq!(told.sequenced + told.unsequenced, total.invocations);
    }

    #[test]
    fn percentiles_are_those_of_the_definition(records in records()) {
        let found = report(scope(), &records).latency.total.latency_ms;
        let values: Vec<Millis> =
            records.iter().filter(reached_a_model).filter_map(|record| record.latency_ms).collect();
        prop_assert_eq!(found.is_some(), !values.is_empty());
        if let Some(found) = found {
            let named = [(50, found.p50), (90, found.p90), (95, found.p95), (99, found.p99)];
            for (percent, value) in named {
                // The smallest value that at least `percent` of the values do not exceed.
                let enough = |v: &&Millis| 100 * values.iter().filter(|w| w <= v).count() >= percent * values.len();
                prop_assert_eq!(Some(&value), values.iter().filter(enough).min());
                prop_assert!(found.min <= value && value <= found.max);
            }
        }
    }

    #[test]
    fn gaps_are_what_a_set_would_say(records in records()) {
        let told = report(scope(), &records).completeness;
        let mut numbers: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for record in &records {
            if let (Some(run), Some(number)) = (&record.run_id, record.client_sequence) {
                numbers.entry(run.as_str()).or_default().push(number.get());
            }
        }
        prop_assert_eq!(told.runs.len(), numbers.len());
        for run in &told.runs {
            let all = &numbers[run.run_id.as_str()];
            let set: BTreeSet<u64> = all.iter().copied().collect();
            let missing = (1..run.last).filter(|number| !set.contains(number)).count() as u64;
            prop_assert_eq!(run.missing.get(), missing);
            prop_assert_eq!(run.repeated, (all.len() - set.len()) as u64);
        }
    }

    #[test]
    fn only_the_ledger_knows_the_order(records in records()) {
        let reversed: Vec<Record> = records.iter().rev().cloned().collect();
        let there = apart_from_ledger(report(scope(), &records));
        prop_assert_eq!(there, apart_from_ledger(report(scope(), &reversed)));
    }

    #[test]
    fn same_records_same_bytes_which_read_back_and_follow_the_schema(records in records()) {
        let made = report(scope(), &records);
        let bytes = made.to_json().unwrap();
        prop_assert_eq!(&bytes, &report(scope(), &records).to_json().unwrap());
        let read: Report = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(read.to_markdown(), made.to_markdown());
        prop_assert_eq!(&read, &made);
        prop_assert_eq!(read.to_json().unwrap(), bytes);
        prop_assert_eq!(faults(&made), Vec::<String>::new());
    }
}

fn cost(by: &Breakdown<Figures>) -> i64 {
    by.rows.iter().fold(0, |sum, row| sum.saturating_add(row.figures.cost_usd.nano()))
}
