//! Known answers, counted by hand.

use crate::given::{dozen, faults, proof, report, scope, time};
use invocation::Record;
use report::{Breakdown, Builder, Figures, REPORT_SCHEMA, Report, Scope};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn twelve() -> Report {
    report(scope(), &dozen())
}

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

fn rows(by: &Breakdown<Figures>) -> Vec<(Option<&str>, u64, String)> {
    let cells = by.rows.iter().map(|row| {
        (row.name.as_deref(), row.figures.invocations, row.figures.cost_usd.to_string())
    });
    cells.collect()
}

#[test]
fn usage_counts_tokens_and_costs_of_model_calls_alone() {
    let usage = twelve().usage;
    let total = json!({
        "invocations": 12, "model_calls": 10, "errors": 2, "blocked": 1,
        "input_tokens": 7010, "output_tokens": 2520, "cache_read_tokens": 1500,
        "cache_write_tokens": 0, "reasoning_tokens": 5, "cost_usd": "0.25605", "unpriced": 4,
    });
    assert_eq!(json(&usage.total), total);
    let by_model = [
        (Some("m1"), 8, "0.25605".to_owned()),
        (None, 3, "0".to_owned()),
        (Some("home-grown"), 1, "0".to_owned()),
    ];
    assert_eq!(rows(&usage.by_model), by_model);
    let by_stage = [(Some("draft"), 9, "0.25605".to_owned()), (None, 3, "0".to_owned())];
    assert_eq!(rows(&usage.by_stage), by_stage);
}

#[test]
fn every_model_call_is_priced_unpriced_or_unnamed() {
    let cost = json!({
        "total_usd": "0.25605", "priced": 5,
        "by_source": {
            "reported": {"records": 1, "cost_usd": "0.25"},
            "table": {"records": 4, "cost_usd": "0.00605"},
        },
        "table_versions": {"test-1": 4},
        "unpriced": 4,
        "unpriced_models": {
            "rows": [{"name": "m1", "count": 3}, {"name": "home-grown", "count": 1}], "others": null,
        },
        "unnamed": 1,
        "holders": {"records": 1, "cost_usd": "0.5"},
    });
    assert_eq!(json(&twelve().cost), cost);
}

#[test]
fn latency_is_of_calls_that_reached_a_model() {
    let latency = twelve().latency;
    let total = json!({
        "latency_ms": {"count": 9, "min": 0.5, "p50": 400, "p90": 1000, "p95": 1000, "p99": 1000, "max": 1000},
        "time_to_first_token_ms": {"count": 1, "min": 12.5, "p50": 12.5, "p90": 12.5, "p95": 12.5, "p99": 12.5, "max": 12.5},
    });
    assert_eq!(json(&latency.total), total);
    let by_model: Vec<_> = latency.by_model.rows.iter().map(|row| row.name.as_deref()).collect();
    assert_eq!(by_model, [Some("m1"), None, Some("home-grown")]);
}

#[test]
fn errors_and_findings() {
    let report = twelve();
    let errors = json!({
        "count": 2, "rate": 0.166_667, "blocked": 1, "blocked_rate": 0.083_333,
        "by_type": {"rows": [{"name": null, "count": 1}, {"name": "timeout", "count": 1}], "others": null},
    });
    assert_eq!(json(&report.errors), errors);
    let phi = json!({
        "scanned": 11, "failed_closed": 1, "with_findings": 1, "findings": 3,
        "by_class": {"EMAIL": 2, "NAME": 1},
        "actions": {"none": 10, "redacted": 1, "dropped": 0, "failed_closed": 1},
        "detector_versions": {"scanner-1": 12},
    });
    assert_eq!(json(&report.phi), phi);
}

#[test]
fn gaps_repeats_and_late_records() {
    let told = twelve().completeness;
    let whole = json!({
        "sequenced": 10, "unsequenced": 2, "runs_checked": 2, "runs_with_faults": 1,
        "missing": 4, "repeated": 1, "runs_omitted": 0,
        "runs": [
            {
                "run_id": "r1", "first": 1, "last": 10, "count": 7, "missing": 4,
                "missing_ranges": [{"first": 4, "last": 4}, {"first": 6, "last": 8}],
                "missing_range_count": 2, "repeated": 1,
            },
            {
                "run_id": "r2", "first": 0, "last": 2, "count": 3, "missing": 0,
                "missing_ranges": [], "missing_range_count": 0, "repeated": 0,
            },
        ],
        "late": {"threshold_seconds": 300, "count": 1, "largest_lag_ms": 301_000},
        "spooled": 1,
        "sources": {"rest": 11, "otlp": 1},
    });
    assert_eq!(json(&told), whole);
}

#[test]
fn a_run_that_may_have_begun_before_the_period_misses_nothing_before_its_first() {
    let late: Vec<Record> = dozen().split_off(4);
    let missing = |scope| report(scope, &late).completeness.missing.get();
    assert_eq!(missing(scope()), 7);
    let from = Some(time("2026-11-21T09:05:00Z"));
    assert_eq!(missing(Scope { from, ..scope() }), 3);
}

#[test]
fn runs_have_a_line_each() {
    let runs = twelve().runs;
    assert_eq!((runs.count, runs.records_without_run, runs.omitted), (2, 2, 0));
    let first = json!({
        "run_id": "r1", "invocations": 7, "model_calls": 6, "errors": 1, "blocked": 1,
        "cost_usd": "0.25405", "unpriced": 2,
        "first_occurred_at": "2026-11-21T09:01:00.000000Z",
        "last_occurred_at": "2026-11-21T09:07:00.000000Z",
    });
    assert_eq!(json(&runs.lines[0]), first);
}

#[test]
fn the_digest_binds_every_entry_in_order() {
    let ledger = twelve().ledger;
    let mut entries = Sha256::new();
    for at in 0..12u64 {
        entries.update(at.to_be_bytes());
        entries.update([0; 24]);
    }
    assert_eq!(ledger.entries_sha256, hex::encode(entries.finalize()));
    assert_eq!((ledger.first_index, ledger.last_index, ledger.count), (Some(100), Some(111), 12));
    assert_eq!(json(&ledger.index_ranges), json!([{"first": 100, "last": 111}]));
}

#[test]
fn the_report_is_as_of_its_newest_record_and_tells_its_scope() {
    let report = twelve();
    assert_eq!(report.as_of, Some(time("2026-11-21T09:25:00Z")));
    assert_eq!(report.scope.first_occurred_at, Some(time("2026-11-21T08:00:00Z")));
    assert_eq!(report.scope.last_occurred_at, Some(time("2026-11-21T09:20:00Z")));
    assert_eq!(json(&report.scope.governance_modes), json!({"standard": 12, "strict": 0}));
    assert_eq!(json(&report.kind), "period");
    let run_id = Some("r1".to_owned());
    assert_eq!(json(&Builder::new(Scope { run_id, ..scope() }).finish(proof()).kind), "run");
}

#[test]
fn both_a_full_and_an_empty_report_follow_the_schema() {
    let empty = Builder::new(scope()).finish(proof());
    assert!(empty.is_empty() && !twelve().is_empty());
    assert_eq!(faults(&empty), [""; 0]);
    assert_eq!(faults(&twelve()), [""; 0]);
    assert!(empty.to_markdown().contains("Nothing was recorded"));
}

/// Each object of the schema is closed, requires all it has, and describes it.
#[test]
fn the_schema_describes_everything() {
    fn walk(at: &str, schema: &Value, described: bool) {
        assert!(!described || schema["description"].is_string(), "{at} has no description");
        if schema["type"] == "object" {
            assert!(!schema["additionalProperties"].is_null(), "{at} is open");
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{at}/{name}"), property, true);
            assert!(schema["required"].as_array().unwrap().contains(&json!(name)), "{at}/{name}");
        }
        walk_each(at, &schema["$defs"], true);
        if schema["items"].is_object() {
            walk(&format!("{at}/items"), &schema["items"], false);
        }
    }
    fn walk_each(at: &str, schemas: &Value, described: bool) {
        for (name, schema) in schemas.as_object().into_iter().flatten() {
            walk(&format!("{at}/{name}"), schema, described);
        }
    }
    walk("", &serde_json::from_str(REPORT_SCHEMA).unwrap(), true);
}
