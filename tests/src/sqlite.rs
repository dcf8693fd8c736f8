//! Straight to a SQLite file.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::path::Path;
use std::time::Duration;

/// `table, column, type, in the primary key` of every table.
pub(crate) const COLUMNS: &str = "SELECT t.name, c.name, c.type, c.pk > 0 \
    FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1, c.cid";

/// The one lock that writers need, held by the test.
pub struct WriteLock(Connection);

impl WriteLock {
    pub(crate) fn take(file: &Path) -> Self {
        let connection = open(file);
        connection.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        Self(connection)
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        let _ = self.0.execute_batch("ROLLBACK");
    }
}

fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).expect("a database");
    connection.busy_timeout(Duration::from_secs(10)).expect("a time-out");
    connection
}

pub(crate) fn execute(file: &Path, sql: &str) {
    open(file).execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

pub(crate) fn query(file: &Path, sql: &str) -> Vec<Vec<String>> {
    let connection = open(file);
    let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let width = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..width).map(|i| Ok(text(row.get_ref(i)?))).collect();
    let rows = statement.query_map([], row).expect("rows");
    rows.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
    }
}
