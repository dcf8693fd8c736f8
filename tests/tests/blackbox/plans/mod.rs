//! Two hundred thousand invocations: what every route asks of the database is found by an index.
//!
//! PostgreSQL tells the plan of each statement as it runs (`auto_explain`); the same statements are
//! then explained on SQLite. So the queries are those of the service, and not a copy of them.

mod filling;
mod postgres;
mod routes;
mod sqlite;

use filling::fill;
use postgres::Recorder;
use std::collections::BTreeSet;
use tests::{Database, Service, bodies};

/// Tables that grow with use. Reading one from end to end is fast on the day of the release only.
const LARGE: [&str; 15] = [
    "api_keys",
    "audit_events",
    "cost_rollups",
    "idempotency_keys",
    "invocation_labels",
    "invocations",
    "ledger_entries",
    "ledger_records",
    "recovery_codes",
    "reports",
    "runs",
    "second_factors",
    "sessions",
    "sign_in_failures",
    "user_identities",
];

/// More than the longest page, less than what a list is taken from.
const FEW_ROWS: f64 = 1000.0;

/// A statement that a route ran.
struct Asked {
    route: String,
    sql: String,
    plan: serde_json::Value,
}

impl Asked {
    /// Whether it fills a page from a large table: such a statement must not read and sort what the
    /// page leaves out. How many projects a user has is no matter.
    fn is_page(&self) -> bool {
        let of_large = LARGE.iter().any(|table| self.sql.contains(&format!(" FROM \"{table}\" ")));
        of_large && self.sql.contains(" ORDER BY ") && self.sql.contains(" LIMIT ")
    }

    /// Whether it is about a few invocations that stand together in the log: these are few in a
    /// project, or a run, that may be large.
    fn is_stretch(&self) -> bool {
        self.sql.contains("\"invocations\".\"ledger_index\" BETWEEN ")
    }
}

#[test]
fn every_query_of_every_route_has_its_index() {
    // Without a worker, sums are those of the rollups and of the 600 invocations beside them.
    let mut service = Service::builder(Database::postgres()).flag("--no-worker").start();
    service.key().ingest(&bodies::events("real", 600)).expect(200);
    fill(service.database());
    let recorder = Recorder::start(service.database());
    service.restart();
    let asked = routes::walk(&service, &recorder);
    let statements: BTreeSet<&str> = asked.iter().map(|it| it.sql.as_str()).collect();
    assert!(asked.iter().any(Asked::is_stretch), "nothing was summed up beside the rollups");
    assert!(statements.len() > 40, "only {} statements were seen", statements.len());

    let sqlite = Database::sqlite();
    assert_eq!(sqlite.researchflow(&["migrate", "up"]).code, 0);
    fill(&sqlite);
    let mut faults: Vec<String> = asked.iter().flat_map(postgres::faults).collect();
    // Nobody tells SQLite to gather statistics; an operator may.
    faults.extend(sqlite::faults(&sqlite, &asked, "SQLite"));
    sqlite.execute("ANALYZE");
    faults.extend(sqlite::faults(&sqlite, &asked, "SQLite, analysed"));
    assert!(faults.is_empty(), "{} faults:\n\n{}", faults.len(), faults.join("\n\n"));
}
