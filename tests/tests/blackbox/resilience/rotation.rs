//! The ledger's key changes while a service with the key before still takes events.

use std::time::Duration;
use tests::{Database, Service, bodies, eventually};

const NEW_KEY: &str = "the-ledger-key-that-comes-after-0123456789";

/// Somebody holds the log's head for a moment: first the old service waits for it with an event,
/// then the new one comes to take the log over. It has to take over what is there when its turn
/// comes, and not what was there when it asked.
#[test]
fn no_event_is_lost_to_a_new_key() {
    let service = Service::start(Database::postgres());
    let (key, database) = (service.key(), service.database());
    key.ingest(&bodies::event("before")).expect(200);
    let old = ["invocations", "audit"]
        .map(|log| service.nobody().get(&format!("/ledger/{log}/key")).text())
        .join(" ");
    let keys = ["--ledger-key", NEW_KEY, "--ledger-previous-keys", &old];
    // It takes the log over, and then finds the address in use.
    let address = service.base();
    let listen = ["--listen", address.trim_start_matches("http://")];

    std::thread::scope(|scope| {
        scope.spawn(|| {
            database.execute(
                "BEGIN; SELECT 1 FROM ledger_heads WHERE log = 'invocations' FOR UPDATE; \
                 SELECT pg_sleep(3); COMMIT",
            );
        });
        wait_for(database, "pg_sleep", 1);
        scope.spawn(|| key.ingest(&bodies::event("during")).expect(200));
        wait_for(database, "ledger_heads", 2);
        scope.spawn(|| database.researchflow(&[&["serve"][..], &keys, &listen].concat()));
    });

    let verified = database.researchflow(&[&["ledger"][..], &keys, &["verify"]].concat());
    assert_eq!(verified.code, 0, "an acknowledged event is in the ledger: {verified:?}");
}

/// Until so many statements that name `what` are under way.
fn wait_for(database: &Database, what: &str, count: usize) {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%{what}%'"
    );
    eventually(what, || (database.count(&sql) >= count).then_some(()));
    // From the statement's begin to its wait for the lock.
    std::thread::sleep(Duration::from_millis(200));
}
