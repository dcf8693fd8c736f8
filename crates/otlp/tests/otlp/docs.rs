//! `docs/otlp.md` shows the table as it is.

use otlp::{Dialect, Field, Reading, Row, TABLE};
use std::fmt::Write;
use std::path::Path;

/// The table in Markdown: a line for each field, its keys in order of precedence.
fn markdown() -> String {
    let mut lines = "| field | attributes, the first that is there wins |\n|---|---|\n".to_owned();
    for rows in TABLE.chunk_by(|one, other| one.field == other.field) {
        let keys: Vec<String> = rows.iter().map(key).collect();
        let field = rows.first().map(|row| name(row.field)).unwrap_or_default();
        writeln!(lines, "| `{field}` | {} |", keys.join(", ")).unwrap();
    }
    lines
}

fn key(row: &Row) -> String {
    let rest = if row.key.ends_with('.') { "*" } else { "" };
    let owner = match row.dialect {
        Dialect::Own => "RF",
        Dialect::OpenTelemetry => "OT",
        Dialect::OpenInference => "OI",
        Dialect::Traceloop => "TL",
        Dialect::Langfuse => "LF",
    };
    let reading = match row.reading {
        Reading::Plain | Reading::Path => "",
        Reading::Quoted => " (JSON)",
        Reading::Seconds => " (s)",
        Reading::Instant => " (instant)",
    };
    format!("`{}{rest}`{reading} {owner}", row.key)
}

fn name(field: Field) -> String {
    let mut name = String::new();
    for letter in format!("{field:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[test]
fn the_documented_table_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/otlp.md");
    let page = std::fs::read_to_string(path).unwrap();
    let table = markdown();
    assert!(page.contains(&table), "docs/otlp.md must hold:\n{table}");
}
