//! Every migration can be taken back, and coming again leads to the very same schema.

use tests::{Database, Kind};

#[test]
fn there_and_back_again() {
    for database in [Database::sqlite(), Database::postgres()] {
        with_nothing_to_take_back_down_says_so(&database);
        down_to_nothing_and_up_again(&database);
    }
}

fn migrate(database: &Database, step: &str) -> String {
    let outcome = database.researchflow(&["migrate", step]);
    assert_eq!(outcome.code, 0, "migrate {step}: {outcome:?}");
    outcome.text
}

/// Everything in the database's own words.
fn everything(database: &Database) -> Vec<Vec<String>> {
    let queries: &[&str] = match database.kind() {
        Kind::Sqlite => &["SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"],
        Kind::Postgres => &[
            "SELECT c.* FROM information_schema.columns c WHERE table_schema = 'public'
             ORDER BY table_name, ordinal_position",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
             WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace
             ORDER BY 1",
        ],
    };
    let mut rows: Vec<_> = queries.iter().flat_map(|sql| database.query(sql)).collect();
    for row in &mut rows {
        // The database's name differs from test to test, and so do the numbers that it gives.
        row.retain(|value| !value.starts_with("test_"));
    }
    rows
}

fn down_to_nothing_and_up_again(database: &Database) {
    migrate(database, "up");
    let before = everything(database);
    let steps = migrate(database, "status").lines().count();
    assert!(steps > 0);
    for _ in 0..steps {
        migrate(database, "down");
    }
    let status = migrate(database, "status");
    assert!(status.lines().all(|line| line.ends_with(" pending")), "{status}");
    let left = database.columns().into_iter().map(|cell| cell.table);
    let left: Vec<String> = left.filter(|table| !table.starts_with("__diesel")).collect();
    assert!(left.is_empty(), "a table is left behind: {left:?}");

    migrate(database, "up");
    assert_eq!(everything(database), before);
}

fn with_nothing_to_take_back_down_says_so(database: &Database) {
    let outcome = database.researchflow(&["migrate", "down"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert_eq!(outcome.complaint.lines().count(), 1, "one plain sentence: {outcome:?}");
}
