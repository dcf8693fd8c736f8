//! PgBouncer in transaction mode stands before PostgreSQL: each transaction may meet another server
//! connection, so nothing may be left behind in one.

use serde_json::json;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tests::{Client, Database, PROJECT, Service, bodies, eventually};

/// Fewer than the service's own eight connections, so that they have to take turns.
const SERVER_CONNECTIONS: usize = 3;
const CLIENTS: usize = 16;
const ROUNDS: usize = 12;

/// A running PgBouncer; dropping ends it.
struct PgBouncer {
    process: Child,
    port: u16,
}

impl PgBouncer {
    /// Before the server of `database`, with its files in the database's folder.
    fn start(database: &Database) -> Self {
        let url = database.url();
        let (_, address) = url.rsplit_once('@').unwrap();
        let (host, port) = address.split_once('/').unwrap().0.split_once(':').unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = database.folder();
        std::fs::write(folder.join("users.txt"), "\"postgres\" \"\"\n").unwrap();
        let settings = format!(
            "[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {free}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}/users.txt\n\
             pool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\n",
            folder.display()
        );
        let file = folder.join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let process = launch(folder, &file);
        let pgbouncer = Self { process, port: free };
        let connects = || TcpStream::connect(("127.0.0.1", free)).ok();
        eventually("PgBouncer listens", connects);
        pgbouncer
    }

    fn url(&self, database: &Database) -> String {
        let url = database.url();
        let (_, name) = url.rsplit_once('/').unwrap();
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(folder: &Path, settings: &Path) -> Child {
    // Debian keeps it where only root's PATH looks.
    let debians = "/usr/sbin/pgbouncer";
    let program = if Path::new(debians).exists() { debians } else { "pgbouncer" };
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = Command::new(program);
    if root {
        // It refuses to stay root, and its new self has to read the settings.
        command.args(["-u", "postgres"]);
        let opened = Command::new("chmod").arg("a+rx").arg(folder).status().unwrap();
        assert!(opened.success());
    }
    let log = std::fs::File::create(folder.join("pgbouncer.log")).unwrap();
    command.arg(settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().expect("pgbouncer; scripts/prerequisites installs it")
}

/// A service that reaches its database through PgBouncer alone, from the first migration on.
fn behind_pgbouncer() -> (Service, PgBouncer) {
    let database = Database::postgres();
    let pgbouncer = PgBouncer::start(&database);
    let url = pgbouncer.url(&database);
    let service = Service::builder(database).env("DATABASE_URL", &url);
    // What cannot be stored is refused, so that a test sees it.
    (service.env("RESEARCHFLOW_SPOOL_MAX_BYTES", "0").start(), pgbouncer)
}

/// The first failure of the service is the service's to explain.
fn assert_no_faults(service: &Service) {
    let faults: Vec<_> =
        service.log().into_iter().filter(|line| line["level"] == "ERROR").collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn everything_works_behind_pgbouncer() {
    let (service, pgbouncer) = behind_pgbouncer();
    let key = service.key();
    key.ingest(&bodies::events("e", 300)).expect(200);
    let again = key.ingest(&bodies::event("e-7")).expect(200);
    assert_eq!(again["receipts"][0]["duplicate"], true, "{again}");
    assert_eq!(key.all(&format!("{PROJECT}/invocations?limit=100")).len(), 300);
    assert_eq!(key.all(&format!("{PROJECT}/invocations?tag=pilot&limit=200")).len(), 300);
    key.get(&format!("{PROJECT}/invocations/e-7")).expect(200);
    key.get(&format!("{PROJECT}/runs/run-1")).expect(200);
    key.get(&format!("{PROJECT}/costs?group_by=day")).expect(200);
    let export = key.get(&format!("{PROJECT}/invocations/export"));
    assert_eq!(export.text().lines().count(), 300);
    let report = key.post(&format!("{PROJECT}/reports"), &json!({"run_id": "run-1"})).expect(201);
    let id = report["id"].as_str().unwrap();
    key.get(&format!("{PROJECT}/reports/{id}")).expect(200);
    service.admin().get("/api/v1/projects").expect(200);
    let url = pgbouncer.url(service.database());
    for command in [["migrate", "up"], ["migrate", "status"], ["ledger", "verify"]] {
        let outcome = service.database().researchflow_at(&url, &command);
        assert_eq!(outcome.code, 0, "{command:?}: {outcome:?}");
    }
    assert_no_faults(&service);
}

#[test]
fn many_clients_at_once_behind_pgbouncer() {
    let (service, _pgbouncer) = behind_pgbouncer();
    let key = service.key();
    key.ingest(&bodies::event("first")).expect(200);
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let key = key.clone();
            scope.spawn(move || work(&key, number));
        }
    });
    let stored = service.database().count("SELECT count(*) FROM invocations");
    assert_eq!(stored, 1 + CLIENTS * ROUNDS * 5);
    let verified = service.database().researchflow(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    assert_no_faults(&service);
}

/// A bit of all, as many times as it takes to meet every connection.
fn work(key: &Client, number: usize) {
    for round in 0..ROUNDS {
        key.ingest(&bodies::events(&format!("c{number}-{round}"), 5)).expect(200);
        for path in ["invocations?limit=20", "invocations/first", "runs", "costs"] {
            key.get(&format!("{PROJECT}/{path}")).expect(200);
        }
    }
}

/// A new PgBouncer in the place of the old, as after an upgrade: its clients have to connect again.
#[test]
fn pgbouncer_goes_and_comes() {
    let (service, mut pgbouncer) = behind_pgbouncer();
    let key = service.key();
    key.ingest(&bodies::event("before")).expect(200);
    let _ = pgbouncer.process.kill();
    pgbouncer.process.wait().unwrap();
    key.ingest(&bodies::event("during")).problem(503);
    let folder = service.database().folder();
    pgbouncer.process = launch(folder, &folder.join("pgbouncer.ini"));
    let accepted = || (key.ingest(&bodies::event("after")).status == 200).then_some(());
    eventually("events are taken again", accepted);
    key.get(&format!("{PROJECT}/invocations/before")).expect(200);
}
