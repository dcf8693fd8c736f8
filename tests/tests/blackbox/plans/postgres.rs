//! What PostgreSQL does for each statement: its own account, from its own log.

use super::{Asked, FEW_ROWS, LARGE};
use serde_json::Value;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use tests::Database;

/// Reads the plans that a database's statements leave in the server's log.
pub(crate) struct Recorder {
    log: PathBuf,
}

impl Recorder {
    /// From now on each new connection to `database` tells its plans.
    pub(crate) fn start(database: &Database) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the place comes from `tests/services`")]
        let data = std::env::var("TEST_POSTGRES_DATA").expect("run under `tests/services`");
        for setting in [
            "session_preload_libraries = 'auto_explain'",
            "auto_explain.log_min_duration = 0",
            "auto_explain.log_analyze = on",
            "auto_explain.log_timing = off",
            "auto_explain.log_format = 'json'",
        ] {
            let name = &database.query("SELECT current_database()")[0][0];
            // A setting of a library is known once the library is loaded.
            database.execute(&format!("LOAD 'auto_explain'; ALTER DATABASE {name} SET {setting}"));
        }
        Self { log: Path::new(&data).with_file_name("postgres.log") }
    }

    /// The plans of what `work` had the database do.
    pub(crate) fn during(&self, work: impl FnOnce()) -> Vec<(String, Value)> {
        let before = std::fs::metadata(&self.log).expect("the server's log").len();
        work();
        let mut file = std::fs::File::open(&self.log).expect("the server's log");
        file.seek(SeekFrom::Start(before)).expect("a place in it");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its end");
        plans(&String::from_utf8_lossy(&bytes))
    }
}

/// Each plan in the log: a line that announces it, then lines that begin with a tab.
fn plans(log: &str) -> Vec<(String, Value)> {
    let mut lines = log.lines().peekable();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if !line.ends_with("  plan:") {
            continue;
        }
        let mut json = String::new();
        while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
            json += more;
        }
        let plan: Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"));
        found.push((plan["Query Text"].as_str().expect("a statement").to_owned(), plan));
    }
    found
}

/// What is wrong with a plan.
pub(crate) fn faults(asked: &Asked) -> Vec<String> {
    let mut faults = Vec::new();
    visit(&asked.plan["Plan"], &mut |node| {
        let text = |name: &str| node[name].as_str().unwrap_or_default();
        let (kind, table) = (text("Node Type"), text("Relation Name"));
        if kind.ends_with("Seq Scan") && LARGE.contains(&table) {
            faults.push(format!("reads all of {table}"));
        }
        let removed = node["Rows Removed by Filter"].as_f64().unwrap_or_default();
        // What a filter leaves out of a project's invocations is read, in the index's order.
        let may_filter = table == "invocations" && !asked.is_stretch();
        if removed > FEW_ROWS && LARGE.contains(&table) && !may_filter {
            faults.push(format!("reads {removed} rows of {table} in vain"));
        }
        let sorted = node["Plans"][0]["Actual Rows"].as_f64().unwrap_or_default();
        if kind == "Sort" && asked.is_page() && sorted > FEW_ROWS {
            faults.push(format!("sorts {sorted} rows for a page"));
        }
    });
    let told = |fault| format!("PostgreSQL, {}: {fault}\n  {}", asked.route, asked.sql);
    faults.into_iter().map(told).collect()
}

fn visit(node: &Value, see: &mut impl FnMut(&Value)) {
    see(node);
    for child in node["Plans"].as_array().into_iter().flatten() {
        visit(child, see);
    }
}
