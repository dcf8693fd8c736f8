//! The few kinds of block that a report is made of.

/// A Markdown document that grows at its end, with an empty line between blocks.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn title(&mut self, text: &str) {
        self.block(&format!("# {text}"));
    }

    pub(crate) fn section(&mut self, text: &str) {
        self.block(&format!("## {text}"));
    }

    pub(crate) fn subsection(&mut self, text: &str) {
        self.block(&format!("### {text}"));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        self.block(text);
    }

    pub(crate) fn bullets<S: AsRef<str>>(&mut self, items: &[S]) {
        let lines: Vec<String> = items.iter().map(|item| format!("- {}", item.as_ref())).collect();
        self.block(&lines.join("\n"));
    }

    pub(crate) fn steps(&mut self, items: &[String]) {
        let lines: Vec<String> =
            items.iter().enumerate().map(|(at, item)| format!("{}. {item}", at + 1)).collect();
        self.block(&lines.join("\n"));
    }

    /// Text as it is, in a fence longer than any in the text (CommonMark 4.5).
    pub(crate) fn verbatim(&mut self, text: &str) {
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.block(&format!("{fence}text\n{}\n{fence}", text.trim_end_matches('\n')));
    }

    /// A table whose first column names things, to the left; numbers follow, to the right. The
    /// source is aligned too, for those who read it raw.
    pub(crate) fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) {
        let head = head.map(str::to_owned);
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = std::iter::once(&head).chain(rows).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).clamp(3, MAX_WIDTH)
        });
        let mut lines = vec![line(&head, &widths), rule(&widths)];
        lines.extend(rows.iter().map(|row| line(row, &widths)));
        self.block(&lines.join("\n"));
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn block(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
        self.0.push('\n');
    }
}

/// Cells are padded to at most this, lest one long name widens every row.
const MAX_WIDTH: usize = 40;

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
        0 => format!("| {cell:<width$} |"),
        _ => format!(" {cell:>width$} |"),
    });
    padded.collect()
}

fn rule(widths: &[usize]) -> String {
    let dashes = widths.iter().enumerate().map(|(column, width)| match column {
        0 => format!("| {} |", "-".repeat(*width)),
        _ => format!(" {}: |", "-".repeat(width - 1)),
    });
    dashes.collect()
}
