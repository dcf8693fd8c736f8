//! The report for people. Plain sentences first, then tables, then how to check all of it.

mod evidence;
mod figures;
mod page;
mod summary;
mod text;
mod usage;

use crate::Report;
use page::Page;

/// The most rows of a table; the JSON has them all.
const MAX_ROWS: usize = 25;

pub(crate) fn render(report: &Report) -> String {
    let mut page = Page::default();
    summary::write(&mut page, report);
    if !report.is_empty() {
        usage::write(&mut page, &report.usage);
        figures::cost(&mut page, &report.cost);
        figures::latency(&mut page, &report.latency);
        figures::errors(&mut page, &report.errors);
        figures::phi(&mut page, report);
        figures::runs(&mut page, &report.runs);
        figures::completeness(&mut page, &report.completeness);
    }
    evidence::write(&mut page, report);
    page.finish()
}

/// Says how many rows a table leaves out.
fn more(page: &mut Page, left_out: u64, noun: &str) {
    if left_out > 0 {
        let rows = text::counted(left_out, noun);
        page.paragraph(&format!(
            "And {rows} more, which this page leaves out; the figures above cover them."
        ));
    }
}
