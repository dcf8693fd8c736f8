//! SQLite, PostgreSQL and Diesel have the same tables in mind.

use super::description::{coarse, describe, is_of_columns};
use tests::Database;

fn migrated(database: &Database) {
    let outcome = database.researchflow(&["migrate", "up"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn both_databases_have_the_same_schema() {
    let (sqlite, postgres) = (Database::sqlite(), Database::postgres());
    migrated(&sqlite);
    migrated(&postgres);
    let (sqlite, postgres) = (describe(&sqlite), describe(&postgres));
    for word in ["column ", "primary key ", "index ", "unique index ", "foreign key "] {
        assert!(sqlite.iter().any(|line| line.starts_with(word)), "no {word}in {sqlite:#?}");
    }
    assert_eq!(sqlite, postgres, "SQLite on the left, PostgreSQL on the right");
}

#[test]
fn diesel_knows_every_column() {
    for database in [Database::sqlite(), Database::postgres()] {
        migrated(&database);
        let mut stored = describe(&database);
        stored.retain(|line| is_of_columns(line));
        assert_eq!(diesels(), stored, "schema.rs on the left, {:?} on the right", database.kind());
    }
}

/// `schema.rs`, line for line as a database would be described.
fn diesels() -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../backend/src/db/schema.rs");
    let text = std::fs::read_to_string(file).unwrap();
    let (mut table, mut lines) = ("", Vec::new());
    for line in text.lines().map(str::trim) {
        if let Some((name, keys)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name;
            lines.push(format!("primary key {name} {}", keys.trim_end_matches(") {")));
        } else if let Some((column, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let nullable = kind.strip_prefix("Nullable<").and_then(|it| it.strip_suffix('>'));
            let rest = if nullable.is_some() { "" } else { " not null" };
            lines.push(format!(
                "column {table}.{column} {}{rest}",
                coarse(nullable.unwrap_or(kind))
            ));
        }
    }
    lines.sort();
    lines
}
