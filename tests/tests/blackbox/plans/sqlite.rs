//! What SQLite would do for the statements that PostgreSQL was seen to run.

use super::{Asked, LARGE};
use rusqlite::types::Null;
use rusqlite::{Connection, params_from_iter};
use std::collections::BTreeMap;
use tests::Database;

/// What is wrong with the plans of the statements, each once, under the name `what`.
pub(crate) fn faults(database: &Database, asked: &[Asked], what: &str) -> Vec<String> {
    let connection = Connection::open(database.file()).expect("a database");
    let asked = asked.iter().filter(|it| !is_postgres_alone(&it.sql));
    let each: BTreeMap<&str, &Asked> = asked.map(|it| (it.sql.as_str(), it)).collect();
    let mut faults = Vec::new();
    for (sql, asked) in each {
        for step in explain(&connection, &spelt(sql)) {
            let scans = LARGE.iter().find(|table| {
                // With an index too: a scan reads the whole of it, but for a page of all there is,
                // which ends where the page does.
                let all = asked.is_page() && !sql.contains(" WHERE ");
                step == format!("SCAN {table}")
                    || (!all && step.starts_with(&format!("SCAN {table} ")))
            });
            let fault = match scans {
                Some(table) => format!("reads all of {table}"),
                None if asked.is_page() && step == "USE TEMP B-TREE FOR ORDER BY" => {
                    "sorts what a page is taken from".to_owned()
                }
                None if asked.is_stretch()
                    && !step.contains("INTEGER PRIMARY KEY")
                    && step.contains("SEARCH") =>
                {
                    "reads more of the log than a stretch".to_owned()
                }
                None => continue,
            };
            faults.push(format!("{what}, {}: {fault} ({step})\n  {sql}", asked.route));
        }
    }
    faults
}

/// An insert of values looks nothing up; arrays of ids are asked for one by one here; and whether
/// the server takes writes is not asked at all.
fn is_postgres_alone(sql: &str) -> bool {
    sql.starts_with("INSERT ") || sql.contains(" unnest(") || sql.contains("current_setting(")
}

/// PostgreSQL's spelling in SQLite's, as Diesel would write it there.
fn spelt(sql: &str) -> String {
    let mut spelt = sql.replace('$', "?");
    for lock in [" FOR UPDATE", " FOR NO KEY UPDATE"] {
        spelt = spelt.replace(lock, "");
    }
    for (array, list) in [(" = ANY(", " IN ("), (" != ALL(", " NOT IN (")] {
        spelt = spelt.replace(array, list);
    }
    spelt
}

fn explain(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let nulls = params_from_iter(std::iter::repeat_n(Null, statement.parameter_count()));
    let steps = statement.query_map(nulls, |row| row.get("detail")).expect("a plan");
    steps.collect::<Result<_, _>>().expect("a plan")
}
