//! Settings that cannot be stop the start, by a sentence that names them and repeats no secret.

use std::net::TcpListener;
use tests::{Database, Outcome, Service};

/// What `serve` says with this setting, which stops its start.
fn refused(name: &str, value: &str) -> Outcome {
    let outcome = Service::builder(Database::sqlite()).env(name, value).refused();
    assert_eq!(outcome.code, 1, "{value}: {outcome:?}");
    assert!(!outcome.complaint.contains("panicked"), "{value}: {outcome:?}");
    outcome
}

#[test]
fn a_line_that_cannot_be_parsed_is_told_by_its_number() {
    let open = "RUST_LOG=info\n\nRESEARCHFLOW_SECRET_KEY=\"a battery and a staple\nA=b\n";
    for (text, line) in [
        ("# First\nRESEARCHFLOW_BOOTSTRAP_ADMIN=a@b.c:a battery and a staple\n", "line 2 is"),
        (open, "line 3 is"),
        ("RESEARCHFLOW_SECRET_KEY a battery and a staple # here\n", "a line is"),
    ] {
        let database = Database::sqlite();
        std::fs::write(database.folder().join(".env"), text).unwrap();
        let outcome = database.researchflow(&["openapi"]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.complaint.contains(line), "{outcome:?}");
        assert!(!outcome.complaint.contains("battery"), "{outcome:?}");
    }
}

#[test]
fn a_database_in_memory_is_none() {
    for path in ["", ":memory:", "file:x.db", "file::memory:?cache=shared", "x.db?mode=memory"] {
        let outcome = refused("DATABASE_URL", &format!("sqlite://{path}"));
        let fault = "DATABASE_URL must name a file, as in sqlite://PATH";
        assert!(outcome.complaint.contains(fault), "{path}: {outcome:?}");
    }
}

#[test]
fn more_workers_than_there_is_room_for_are_refused() {
    for workers in ["513", "1000000"] {
        let outcome = refused("RESEARCHFLOW_WORKERS", workers);
        let fault = "RESEARCHFLOW_WORKERS must be 0 to 512";
        assert!(outcome.complaint.contains(fault), "{outcome:?}");
    }
}

#[test]
fn a_port_that_somebody_has_is_told_before_credentials_are_made() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for name in ["RESEARCHFLOW_LISTEN", "RESEARCHFLOW_METRICS_LISTEN"] {
        let builder = Service::builder(Database::sqlite()).env("RESEARCHFLOW_BOOTSTRAP_KEY", "");
        let outcome = builder.env(name, &address).refused();
        assert_eq!(outcome.code, 1, "{outcome:?}");
        let fault = format!("{name}: {address} cannot be had");
        assert!(outcome.complaint.contains(&fault), "{outcome:?}");
        assert!(!outcome.complaint.contains("API key"), "{outcome:?}");
    }
}

#[test]
fn what_is_wrong_with_the_url_of_redis_is_told_with_the_rest() {
    let builder = Service::builder(Database::sqlite()).env("REDIS_URL", "redis://");
    let outcome = builder.env("RESEARCHFLOW_DATABASE_POOL", "1").refused();
    for fault in ["has 2 fault(s)", "REDIS_URL cannot be read", "RESEARCHFLOW_DATABASE_POOL must"] {
        assert!(outcome.complaint.contains(fault), "{fault}: {outcome:?}");
    }
}

#[test]
fn the_length_of_a_secret_is_in_characters() {
    let sixteen = "äöüßÄÖÜéèêáàâíìî";
    assert_eq!((sixteen.chars().count(), sixteen.len()), (16, 32));
    for name in ["RESEARCHFLOW_SECRET_KEY", "RESEARCHFLOW_LEDGER_KEY", "RESEARCHFLOW_BOOTSTRAP_KEY"]
    {
        let outcome = refused(name, sixteen);
        let fault = format!("{name} must have 32 characters or more");
        assert!(outcome.complaint.contains(&fault), "{outcome:?}");
    }
}
