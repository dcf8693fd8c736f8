//! The database is away for a while, and no event may wait on the disk: clients hear 503 and when to
//! come back, and nobody has to help.

use std::time::{Duration, Instant};
use tests::{Client, Database, Link, PROJECT, Service, bodies, eventually};

/// A service whose PostgreSQL is at the other end of a link.
fn linked() -> (Service, Link) {
    let database = Database::postgres();
    let link = Link::to(database.address().unwrap());
    let url = database.url_by(Some(link.address()));
    let service = Service::builder(database).env("DATABASE_URL", &url);
    (service.env("RESEARCHFLOW_SPOOL_MAX_BYTES", "0").start(), link)
}

/// An event is refused with 503 and `Retry-After`, within `limit`.
fn refuses(client: &Client, id: &str, limit: Duration) -> bool {
    let start = Instant::now();
    let answer = client.ingest(&bodies::event(id));
    assert!(start.elapsed() < limit, "{:?} for {answer:?}", start.elapsed());
    if answer.status == 200 {
        return false;
    }
    answer.problem(503);
    let seconds = answer.header("retry-after").expect("Retry-After");
    assert!(seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0), "{seconds}");
    true
}

fn recovers(service: &Service, client: &Client) {
    let accepted = || (client.ingest(&bodies::event("after")).status == 200).then_some(());
    eventually("events are taken again", accepted);
    eventually("it is ready again", || (client.get("/ready").status == 200).then_some(()));
    client.get(&format!("{PROJECT}/invocations/before")).expect(200);
    let verified = service.database().researchflow(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[test]
fn postgres_goes_and_comes() {
    let (service, link) = linked();
    let client = service.key();
    client.ingest(&bodies::event("before")).expect(200);
    for _ in 0..3 {
        link.cut();
        assert!(refuses(&client, "during", Duration::from_secs(30)));
        let read = client.get(&format!("{PROJECT}/invocations"));
        read.problem(503);
        eventually("it is not ready", || (client.get("/ready").status == 503).then_some(()));
        client.get("/health").expect_status(200);
        client.get("/metrics").expect_status(200);
        link.mend();
        recovers(&service, &client);
    }
}

#[test]
fn postgres_hangs() {
    let (service, link) = linked();
    let client = service.key();
    client.ingest(&bodies::event("before")).expect(200);
    link.freeze();
    // Kubernetes waits for two seconds. More often than there are threads that read.
    for _ in 0..6 {
        let asked = Instant::now();
        client.get("/ready").expect_status(503);
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    }
    assert!(refuses(&client, "during", Duration::from_secs(45)));
    client.get("/health").expect_status(200);
    link.mend();
    recovers(&service, &client);
}

#[test]
fn postgres_is_away_at_the_start() {
    let (mut service, link) = linked();
    service.key().ingest(&bodies::event("before")).expect(200);
    service.stop();
    link.cut();
    let url = format!("postgres://postgres@{}/nothing", link.address());
    let outcome = service.database().researchflow_at(&url, &["migrate", "status"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(!outcome.complaint.contains("panicked"), "{outcome:?}");
    link.mend();
    service.restart();
    recovers(&service, &service.key());
}

#[test]
fn sqlite_is_locked_by_somebody() {
    let service = Service::builder(Database::sqlite()).env("RESEARCHFLOW_SPOOL_MAX_BYTES", "0");
    let service = service.start();
    let client = service.key();
    client.ingest(&bodies::event("before")).expect(200);
    let lock = service.database().lock_writes();
    assert!(refuses(&client, "during", Duration::from_secs(45)));
    // Reading needs no lock.
    client.get(&format!("{PROJECT}/invocations/before")).expect(200);
    drop(lock);
    recovers(&service, &client);
}
