//! What the report is about, and its main figures in plain sentences.

use super::page::Page;
use super::text::{self, counted};
use crate::{Kind, Report, ScopeSection};
use invocation::{ContentPolicy, GovernanceMode};

pub(super) fn write(page: &mut Page, report: &Report) {
    page.title("Transparency report");
    page.bullets(&facts(report));
    page.section("Summary");
    if report.is_empty() {
        page.paragraph("Nothing was recorded in this scope. All figures are zero.");
        return;
    }
    let sentences = [use_(report), cost(report), failures(report), phi(report), gaps(report)];
    page.paragraph(&sentences.join(" "));
}

fn facts(report: &Report) -> Vec<String> {
    let scope = &report.scope;
    let as_of = match report.as_of {
        Some(time) => format!("{time}, when the newest of the records was taken in"),
        None => "no record".to_owned(),
    };
    vec![
        format!(
            "**Project:** {} ({})",
            text::code(&scope.project_name),
            text::code(&scope.project_id)
        ),
        format!("**Covers:** {}", covers(report.kind, scope)),
        format!("**As of:** {as_of}"),
        format!("**Governance mode:** {}", mode(scope)),
        format!("**Content policy:** {}", policy(scope)),
    ]
}

fn covers(kind: Kind, scope: &ScopeSection) -> String {
    let what = match (kind, &scope.run_id) {
        (Kind::Run, Some(run)) => format!("the run {}", text::code(run)),
        _ => "the whole project".to_owned(),
    };
    match (scope.from, scope.to) {
        (None, None) => format!("{what}, at any time"),
        (Some(from), None) => format!("{what}, from {from}"),
        (None, Some(to)) => format!("{what}, before {to}"),
        (Some(from), Some(to)) => format!("{what}, from {from} and before {to}"),
    }
}

fn mode(scope: &ScopeSection) -> String {
    let now = match scope.governance_mode {
        GovernanceMode::Standard => "standard (patient data found in text is redacted)",
        GovernanceMode::Strict => "strict (text with patient data in it is dropped)",
    };
    let (standard, strict) = (scope.governance_modes.standard, scope.governance_modes.strict);
    format!("{now}{}", history([(standard, "standard"), (strict, "strict")]))
}

fn policy(scope: &ScopeSection) -> String {
    let now = match scope.content_policy {
        ContentPolicy::HashOnly => "hash_only (of inputs and outputs a keyed digest is kept)",
        ContentPolicy::Redacted => "redacted (inputs and outputs are kept, patient data redacted)",
    };
    let (hash_only, redacted) = (scope.content_policies.hash_only, scope.content_policies.redacted);
    format!("{now}{}", history([(hash_only, "hash_only"), (redacted, "redacted")]))
}

/// How many records each setting was in force for, once there are records.
fn history(counts: [(u64, &str); 2]) -> String {
    let told: Vec<String> = counts
        .iter()
        .filter(|(records, _)| *records > 0)
        .map(|(records, setting)| format!("{} under {setting}", counted(*records, "record")))
        .collect();
    if told.is_empty() { String::new() } else { format!("; {}", told.join(", ")) }
}

fn use_(report: &Report) -> String {
    let total = &report.usage.total;
    let span = report.scope.first_occurred_at.zip(report.scope.last_occurred_at);
    let started = span
        .map_or_else(String::new, |(first, last)| format!(", started between {first} and {last}"));
    format!(
        "The records tell of {} in {}{started}; {} of them call a model. These calls took in {} \
         and gave {}.",
        counted(total.invocations, "AI invocation"),
        counted(report.runs.count, "run"),
        text::number(total.model_calls),
        counted(total.input_tokens.get(), "token"),
        counted(total.output_tokens.get(), "token"),
    )
}

fn cost(report: &Report) -> String {
    let cost = &report.cost;
    let priced = format!(
        "The {} cost {}.",
        counted(cost.priced, "priced model call"),
        text::usd(cost.total_usd)
    );
    match cost.unpriced + cost.unnamed {
        0 => priced,
        missing => format!(
            "{priced} {} could not be priced and are **not** in that sum.",
            counted(missing, "model call")
        ),
    }
}

fn failures(report: &Report) -> String {
    let errors = &report.errors;
    format!(
        "{} ended in an error ({}); {} refused by a rule.",
        counted(errors.count, "invocation"),
        text::percent(errors.rate),
        counted(errors.blocked, "invocation") + if errors.blocked == 1 { " was" } else { " were" },
    )
}

fn phi(report: &Report) -> String {
    let phi = &report.phi;
    let found = format!(
        "The scan for patient data made {} in {}.",
        counted(phi.findings, "finding"),
        counted(phi.with_findings, "record")
    );
    match phi.failed_closed {
        0 => found,
        failed => format!(
            "{found} {} had a text that could not be scanned and was dropped.",
            counted(failed, "record")
        ),
    }
}

fn gaps(report: &Report) -> String {
    let told = &report.completeness;
    let unchecked = match told.unsequenced {
        0 => String::new(),
        n => format!(
            " {} carry no such number in a run, so gaps there would not show.",
            counted(n, "record")
        ),
    };
    let checked = match (told.sequenced, told.missing.get()) {
        (0, _) => {
            return "No record carries a sequence number, so missing records would not show."
                .to_owned();
        }
        (_, 0) => "By the senders' sequence numbers no record is missing.".to_owned(),
        (_, missing) => {
            format!("By the senders' sequence numbers {} missing.", is(missing, "record"))
        }
    };
    checked + &unchecked
}

fn is(n: u64, noun: &str) -> String {
    counted(n, noun) + if n == 1 { " is" } else { " are" }
}
