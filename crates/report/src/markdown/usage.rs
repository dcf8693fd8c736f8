//! What ran: the totals, and a table for each way to divide them.

use super::page::Page;
use super::{MAX_ROWS, more, text};
use crate::{Breakdown, Figures, Usage};

pub(super) fn write(page: &mut Page, usage: &Usage) {
    page.section("Usage");
    totals(page, &usage.total);
    let divisions = [
        ("Model", &usage.by_model),
        ("Provider", &usage.by_provider),
        ("Tier", &usage.by_tier),
        ("Agent", &usage.by_agent),
        ("Stage", &usage.by_stage),
        ("Operation", &usage.by_operation),
        ("API key", &usage.by_key),
    ];
    let (told, untold): (Vec<_>, Vec<_>) = divisions.into_iter().partition(|(_, by)| is_told(by));
    for (what, by) in told {
        division(page, what, by);
    }
    if !untold.is_empty() {
        let names: Vec<String> = untold.iter().map(|(what, _)| lower(what)).collect();
        page.paragraph(&format!("Stated by no record: {}.", names.join(", ")));
    }
}

fn is_told(by: &Breakdown<Figures>) -> bool {
    by.rows.iter().any(|row| row.name.is_some())
}

fn lower(what: &str) -> String {
    if what.starts_with("API") { what.to_owned() } else { what.to_lowercase() }
}

fn totals(page: &mut Page, total: &Figures) {
    let rows = [
        ("Invocations", total.invocations),
        ("of them model calls", total.model_calls),
        ("Errors", total.errors),
        ("Blocked", total.blocked),
        ("Input tokens", total.input_tokens.get()),
        ("of them read from a cache", total.cache_read_tokens.get()),
        ("of them written to a cache", total.cache_write_tokens.get()),
        ("Output tokens", total.output_tokens.get()),
        ("of them reasoning", total.reasoning_tokens.get()),
    ];
    page.table(["Total", "Count"], &rows.map(|(what, n)| [what.to_owned(), text::number(n)]));
    page.paragraph(
        "Tokens and costs are those of model calls alone: agents, chains and tools repeat what \
         the calls inside them used.",
    );
}

fn division(page: &mut Page, what: &str, by: &Breakdown<Figures>) {
    page.subsection(&format!("By {}", lower(what)));
    let head = [
        what,
        "Invocations",
        "Model calls",
        "Errors",
        "Blocked",
        "Input tokens",
        "Output tokens",
        "Cost",
        "Unpriced",
    ];
    let named = by.rows.iter().take(MAX_ROWS);
    let mut rows: Vec<[String; 9]> =
        named.map(|row| cells(text::name(row.name.as_deref()), &row.figures)).collect();
    if let Some(others) = &by.others {
        rows.push(cells("(all later names)".to_owned(), others));
    }
    page.table(head, &rows);
    more(page, by.rows.len().saturating_sub(MAX_ROWS) as u64, "row");
}

fn cells(name: String, figures: &Figures) -> [String; 9] {
    [
        name,
        text::number(figures.invocations),
        text::number(figures.model_calls),
        text::number(figures.errors),
        text::number(figures.blocked),
        text::number(figures.input_tokens.get()),
        text::number(figures.output_tokens.get()),
        text::usd(figures.cost_usd),
        text::number(figures.unpriced),
    ]
}
