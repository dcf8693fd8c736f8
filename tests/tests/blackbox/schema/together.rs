//! Processes that start at once: one migrates, the others find it done.

use std::time::Duration;
use tests::{Client, Database, Fleet, KEY, Outcome, Service, bodies};

const TIMES: usize = 5;

/// A new database for each time, of each kind.
fn databases() -> impl Iterator<Item = Database> {
    (0..TIMES).flat_map(|_| [Database::sqlite(), Database::postgres()])
}

#[test]
fn two_migrations_at_once() {
    for (time, database) in databases().enumerate() {
        let up = || database.researchflow(&["migrate", "up"]);
        let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
            let running = [scope.spawn(up), scope.spawn(up)];
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for outcome in &outcomes {
            assert_eq!(outcome.code, 0, "time {time}: {outcomes:#?}");
        }
        let at_work = outcomes.iter().filter(|outcome| outcome.text.contains("applied")).count();
        assert_eq!(at_work, 1, "time {time}: one of them migrates: {outcomes:#?}");
        let status = database.researchflow(&["migrate", "status"]);
        assert!(!status.text.contains("pending"), "time {time}: {status:?}");
    }
}

#[test]
fn two_services_at_once() {
    for (time, database) in databases().enumerate() {
        let fleet = Fleet::start(&database, 2, &[]);
        let clients: Vec<Client> =
            fleet.bases().iter().map(|base| Client::new(base).with_key(KEY)).collect();
        for (number, client) in clients.iter().enumerate() {
            client.ingest(&bodies::event(&format!("{time}-{number}"))).expect(200);
        }
        for (what, count) in [("projects", 1), ("users", 1), ("api_keys", 1), ("ledger_heads", 2)] {
            let found = database.count(&format!("SELECT count(*) FROM {what}"));
            assert_eq!(found, count, "time {time}: {what}");
        }
        drop(fleet);
        let verified = database.researchflow(&["ledger", "verify"]);
        assert_eq!(verified.code, 0, "time {time}: {verified:?}");
    }
}

/// A migration of a large table takes its time; whoever comes second waits for it.
#[test]
fn sqlite_waits_for_a_long_migration() {
    let database = Database::sqlite();
    assert_eq!(database.researchflow(&["migrate", "up"]).code, 0);
    let lock = database.lock_writes();
    let outcome = std::thread::scope(|scope| {
        let second = scope.spawn(|| database.researchflow(&["migrate", "up"]));
        std::thread::sleep(Duration::from_secs(3));
        drop(lock);
        second.join().unwrap()
    });
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn an_older_schema_is_not_served() {
    for database in [Database::sqlite(), Database::postgres()] {
        assert_eq!(database.researchflow(&["migrate", "up"]).code, 0);
        assert_eq!(database.researchflow(&["migrate", "down"]).code, 0);
        let refused = Service::builder(database).flag("--no-migrate").refused();
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.complaint.contains("migrate up"), "{refused:?}");
    }
}

#[test]
fn who_looks_makes_no_database() {
    let database = Database::sqlite();
    for command in [
        &["migrate", "status"][..],
        &["migrate", "down"],
        &["ledger", "verify"],
        &["cost", "report"],
        &["admin", "user", "create", "--email", "a@b.example"],
    ] {
        let outcome = database.researchflow(command);
        assert_eq!(outcome.code, 1, "{command:?}: {outcome:?}");
        assert!(outcome.complaint.contains("there is no file"), "{command:?}: {outcome:?}");
    }
    assert!(!database.file().exists());
}

#[test]
fn whoever_looks_makes_nothing() {
    let database = Database::postgres();
    let outcome = database.researchflow(&["migrate", "status"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(!outcome.text.contains("applied"), "{outcome:?}");
    let made = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.count(made), 0);
}
