//! How fast events come in, durable and sealed, on each database, beside how fast the same rows go
//! into the same database with nothing around them: `make bench-ingest`.
//!
//! One client process, the service and the database share the machine. The client's bodies are made
//! before the clock starts; ids are left to the service, so that a body can be sent again.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use rusqlite::types::Value as Cell;
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};
use tests::{Client, Database, Kind, PROJECT, Service, bodies, setting};

/// Events in a request, and clients at once.
const LOADS: [(usize, usize); 2] = [(100, 8), (1, 64)];

fn main() {
    let limit = Duration::from_secs(setting("SECONDS", 10) as u64);
    for make in [Database::sqlite, Database::postgres] {
        bench(make(), limit);
    }
}

fn bench(database: Database, limit: Duration) {
    println!("{:?}", database.kind());
    let started = Instant::now();
    let service = Service::builder(database).env("RUST_LOG", "warn,researchflow=info").start();
    service.nobody().get("/health").expect(200);
    println!("  start to first 200, on an empty database  {:>9} ms", started.elapsed().as_millis());
    println!("  idle memory at its peak                   {:>9} MB", service.peak_memory() >> 20);
    let raw = LOADS.map(|(batch, clients)| {
        let (events, times) = load(&service.key(), batch, clients, limit);
        let rate = events as f64 / limit.as_secs_f64();
        let [p50, p99] = [50, 99].map(|part| percentile(&times, part));
        let name = format!("batches of {batch}, {clients} connections");
        println!("  {name:<32} {rate:>9.0} events/s, p50 {p50:.1} ms, p99 {p99:.1} ms");
        rate
    });
    let (rows, seconds) = raw_insert(service.database());
    let rate = rows as f64 / seconds;
    println!("  raw insert of the same {rows:>9} rows  {rate:>9.0} events/s");
    let [batched, single] = raw.map(|ours| 100.0 * ours / rate);
    println!("  of the raw rate: batches {batched:.0} %, single events {single:.0} %");
}

/// The events that were acknowledged, and how long each request took, ascending.
fn load(key: &Client, batch: usize, clients: usize, limit: Duration) -> (usize, Vec<Duration>) {
    let events: Vec<_> =
        (0..batch).map(|_| bodies::with(bodies::event("x"), json!({"event_id": null}))).collect();
    let body = json!({ "events": events }).to_string();
    let path = format!("{PROJECT}/invocations");
    let start = Instant::now();
    let run = || {
        let mut times = Vec::new();
        while start.elapsed() < limit {
            let sent = Instant::now();
            let fields = [("content-type", "application/json")];
            let answer = key.post_bytes(&path, &fields, body.as_bytes());
            times.push(sent.elapsed());
            assert!(answer.status == 200 && answer.body.ends_with(b"\"rejected\":[]}"));
        }
        times
    };
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..clients).map(|_| scope.spawn(run)).collect();
        senders.into_iter().flat_map(|sender| sender.join().expect("a sender")).collect()
    });
    times.sort_unstable();
    (times.len() * batch, times)
}

fn percentile(times: &[Duration], part: usize) -> f64 {
    times.get(times.len() * part / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// Puts the rows of `invocations` and `ledger_records` into copies of both tables, indexes
/// included, by the fastest way that the database has; how many events, in how many seconds.
fn raw_insert(database: &Database) -> (usize, f64) {
    let rows = database.count("SELECT count(*) FROM invocations");
    let seconds = match database.kind() {
        Kind::Sqlite => ["invocations", "ledger_records"].map(|table| sqlite_copy(database, table)),
        Kind::Postgres => {
            ["invocations", "ledger_records"].map(|table| postgres_copy(database, table))
        }
    };
    (rows, seconds.iter().sum())
}

/// Transactions of 1,000 rows through one prepared statement.
fn sqlite_copy(database: &Database, table: &str) -> f64 {
    let mut conn = rusqlite::Connection::open(database.file()).expect("the file");
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").expect("settings");
    let schema: Vec<String> = conn
        .prepare("SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC")
        .and_then(|mut statement| statement.query_map([table], |row| row.get(0))?.collect())
        .expect("the schema");
    for sql in schema {
        conn.execute_batch(&sql.replace(table, &format!("raw_{table}"))).expect("a copy");
    }
    let (width, rows) = {
        let mut all = conn.prepare(&format!("SELECT * FROM {table}")).expect("the rows");
        let width = all.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..width).map(|i| row.get(i)).collect();
        let rows: Vec<Vec<Cell>> =
            all.query_map([], row).and_then(Iterator::collect).expect("the rows");
        (width, rows)
    };
    let marks = vec!["?"; width].join(",");
    let insert = format!("INSERT INTO raw_{table} VALUES ({marks})");
    let started = Instant::now();
    for some in rows.chunks(1000) {
        let transaction = conn.transaction().expect("a transaction");
        let mut statement = transaction.prepare(&insert).expect("a statement");
        for row in some {
            statement.execute(rusqlite::params_from_iter(row)).expect("a row");
        }
        drop(statement);
        transaction.commit().expect("a commit");
    }
    started.elapsed().as_secs_f64()
}

/// One `COPY` from a file of the server's.
fn postgres_copy(database: &Database, table: &str) -> f64 {
    let file = format!("/tmp/researchflow-bench-{}-{table}", std::process::id());
    database.execute(&format!(
        "CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL); COPY {table} TO '{file}' WITH (FORMAT binary)"
    ));
    let started = Instant::now();
    database.execute(&format!("COPY raw_{table} FROM '{file}' WITH (FORMAT binary)"));
    let seconds = started.elapsed().as_secs_f64();
    let _ = fs::remove_file(file);
    seconds
}
