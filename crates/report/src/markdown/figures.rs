//! The sections between usage and the ledger.

use super::page::Page;
use super::text::{self, counted, number};
use super::{MAX_ROWS, more};
use crate::{
    Breakdown, Completeness, Cost, Distribution, Errors, Latency, Range, Report, RunSequence, Runs,
    SourceCost, Tally, Timings,
};
use std::collections::BTreeMap;

pub(super) fn cost(page: &mut Page, cost: &Cost) {
    page.section("Cost");
    let source =
        |what: &str, of: &SourceCost| [what.to_owned(), number(of.records), text::usd(of.cost_usd)];
    let total = SourceCost { records: cost.priced, cost_usd: cost.total_usd };
    let rows = [
        source("Computed from the price table", &cost.by_source.table),
        source("Reported by the sender", &cost.by_source.reported),
        source("**Total**", &total),
    ];
    page.table(["Source", "Model calls", "Cost"], &rows);
    counts(page, "Version of the price table", "Model calls", &cost.table_versions);
    if cost.unpriced > 0 {
        page.paragraph(&format!(
            "**{} of a named model have no price and are not in the total.** Nothing was guessed \
             for them. Their models:",
            counted(cost.unpriced, "call")
        ));
        tally(page, ["Unpriced model", "Model calls"], &cost.unpriced_models);
    }
    if cost.unnamed > 0 {
        page.paragraph(&format!(
            "{} name no model and have no cost; they are not in the total either.",
            counted(cost.unnamed, "model call")
        ));
    }
    if cost.holders.records > 0 {
        page.paragraph(&format!(
            "{} of agents, chains and tools report {} of their own, which is not in the total, \
             since it repeats the calls inside them.",
            counted(cost.holders.records, "record"),
            text::usd(cost.holders.cost_usd)
        ));
    }
}

pub(super) fn latency(page: &mut Page, latency: &Latency) {
    page.section("Latency");
    page.paragraph(
        "Milliseconds, of model calls that reached a model and state a time. Percentiles are \
         exact, by nearest rank.",
    );
    let of = |what: &str, pick: fn(&Timings) -> Option<Distribution>| {
        let mut rows: Vec<[String; 8]> = Vec::new();
        rows.extend(
            pick(&latency.total).map(|times| times_row("**All models**".to_owned(), times)),
        );
        let named = latency.by_model.rows.iter().take(MAX_ROWS);
        rows.extend(named.filter_map(|row| {
            Some(times_row(text::name(row.name.as_deref()), pick(&row.figures)?))
        }));
        (what.to_owned(), rows)
    };
    let parts = [
        of("Whole answer", |timings| timings.latency_ms),
        of("First token", |timings| timings.time_to_first_token_ms),
    ];
    for (what, rows) in parts {
        page.subsection(&what);
        if rows.is_empty() {
            page.paragraph("No model call states this time.");
        } else {
            page.table(["Model", "Calls", "Least", "p50", "p90", "p95", "p99", "Most"], &rows);
        }
    }
    more(page, latency.by_model.rows.len().saturating_sub(MAX_ROWS) as u64, "model");
}

fn times_row(name: String, times: Distribution) -> [String; 8] {
    let ms = text::millis;
    [
        name,
        number(times.count),
        ms(times.min),
        ms(times.p50),
        ms(times.p90),
        ms(times.p95),
        ms(times.p99),
        ms(times.max),
    ]
}

pub(super) fn errors(page: &mut Page, errors: &Errors) {
    page.section("Errors");
    let row = |what: &str, n: u64, share| [what.to_owned(), number(n), text::percent(share)];
    let rows = [
        row("Ended in an error", errors.count, errors.rate),
        row("Refused by a rule", errors.blocked, errors.blocked_rate),
    ];
    page.table(["Outcome", "Invocations", "Share"], &rows);
    if errors.count > 0 {
        tally(page, ["Error type", "Invocations"], &errors.by_type);
    }
}

pub(super) fn phi(page: &mut Page, report: &Report) {
    let phi = &report.phi;
    page.section("Patient data (PHI)");
    page.paragraph(&format!(
        "Every text of {} was scanned before it was kept. The scanner finds patterns, \
         not names; it can miss what it does not know, and can take harmless text for patient data.",
        counted(phi.scanned, "record")
    ));
    let actions = [
        ("Nothing found", phi.actions.none),
        ("Findings redacted", phi.actions.redacted),
        ("All text dropped (strict mode)", phi.actions.dropped),
        ("Could not be scanned, text dropped", phi.actions.failed_closed),
    ];
    let rows = actions.map(|(what, n)| [what.to_owned(), number(n)]);
    page.table(["Action", "Records"], &rows);
    counts(page, "Class", "Findings", &phi.by_class);
    counts(page, "Version of the scanner", "Records", &phi.detector_versions);
}

pub(super) fn runs(page: &mut Page, runs: &Runs) {
    page.section("Runs");
    page.paragraph(&format!(
        "{}; {} to no run.",
        counted(runs.count, "run"),
        counted(runs.records_without_run, "record")
            + if runs.records_without_run == 1 { " belongs" } else { " belong" },
    ));
    if runs.lines.is_empty() {
        return;
    }
    let rows: Vec<[String; 6]> = runs
        .lines
        .iter()
        .take(MAX_ROWS)
        .map(|run| {
            [
                text::code(&run.run_id),
                number(run.invocations),
                number(run.errors),
                text::usd(run.cost_usd),
                run.first_occurred_at.to_string(),
                run.last_occurred_at.to_string(),
            ]
        })
        .collect();
    page.table(["Run", "Invocations", "Errors", "Cost", "First", "Last"], &rows);
    more(page, runs.count.saturating_sub(rows.len() as u64), "run");
}

pub(super) fn completeness(page: &mut Page, told: &Completeness) {
    page.section("Completeness");
    page.paragraph(
        "Senders may number the events of a run. A number that no record has is a record that \
         was lost, or never sent. What was lost after a run's last record does not show, nor \
         does what was never numbered.",
    );
    let late = format!("Records over {} minutes late", told.late.threshold_seconds / 60);
    let facts = [
        ("Records with a sequence number in a run", told.sequenced),
        ("Records without", told.unsequenced),
        ("Runs checked", told.runs_checked),
        ("of them with missing or repeated numbers", told.runs_with_faults),
        ("Missing numbers", told.missing.get()),
        ("Repeated numbers", told.repeated),
        (&late, told.late.count),
        ("Largest lag of a record (ms)", told.late.largest_lag_ms),
        ("Records that waited for the database", told.spooled),
        ("Records by the JSON API", told.sources.rest),
        ("Records by OTLP", told.sources.otlp),
    ];
    page.table(["Figure", "Count"], &facts.map(|(what, n)| [what.to_owned(), number(n)]));
    let faulty = told.runs.iter().filter(|run| !run.is_whole());
    let rows: Vec<[String; 7]> = faulty.take(MAX_ROWS).map(sequence_row).collect();
    if !rows.is_empty() {
        let head = ["Run", "First", "Last", "Records", "Repeated", "Missing", "Which"];
        page.table(head, &rows);
        more(page, told.runs_with_faults - rows.len() as u64, "run");
    }
}

fn sequence_row(run: &RunSequence) -> [String; 7] {
    const LISTED: usize = 5;
    let range = |range: &Range| match range.first == range.last {
        true => number(range.first),
        false => format!("{}–{}", number(range.first), number(range.last)),
    };
    let mut which: Vec<String> = run.missing_ranges.iter().take(LISTED).map(range).collect();
    if run.missing_range_count > LISTED as u64 {
        which.push("…".to_owned());
    }
    [
        text::code(&run.run_id),
        number(run.first),
        number(run.last),
        number(run.count),
        number(run.repeated),
        number(run.missing.get()),
        which.join("; "),
    ]
}

fn tally(page: &mut Page, head: [&str; 2], by: &Breakdown<Tally>) {
    let named = by.rows.iter().take(MAX_ROWS);
    let mut rows: Vec<[String; 2]> =
        named.map(|row| [text::name(row.name.as_deref()), number(row.figures.count)]).collect();
    if let Some(others) = by.others {
        rows.push(["(all later names)".to_owned(), number(others.count)]);
    }
    page.table(head, &rows);
    more(page, by.rows.len().saturating_sub(MAX_ROWS) as u64, "row");
}

fn counts(page: &mut Page, name: &str, what: &str, counts: &BTreeMap<String, u64>) {
    let rows: Vec<[String; 2]> =
        counts.iter().map(|(name, n)| [text::code(name), number(*n)]).collect();
    if !rows.is_empty() {
        page.table([name, what], &rows);
    }
}
