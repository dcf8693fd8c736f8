//! What must be true once everything is well again, event by event.

use super::fault::Strike;
use super::traffic::{COSTS, Heard, Journal};
use crate::insights::counts::{all_is_added_up, stream};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tests::{Client, Database, Service, eventually, within};

/// What a dead worker had goes to another after half a minute; what waits on a disk is tried again
/// each second.
const CATCH_UP: Duration = Duration::from_secs(120);

/// All of it but the stream, which [`is_in_stream`] looks at.
pub(crate) fn hold(service: &Service, admin: &Client, journal: &Journal, strikes: &[Strike]) {
    within(CATCH_UP, "everything that was acknowledged is in the ledger", || {
        let stored = service.database().count("SELECT count(*) FROM invocations");
        (stored >= journal.receipts.len()).then_some(())
    });
    within(CATCH_UP, "everything is in the rollups", || {
        let told = admin.get("/api/v1/insights/stream");
        (told.status == 200 && told.expect(200)["unapplied"] == 0).then_some(())
    });
    each_event_is_there_once(service.database(), journal);
    what_others_stored_is_heard_of(service, journal);
    all_is_added_up(service, admin);
    failures_had_a_cause(journal, strikes);
    metrics_are_sane(service);
}

/// Each event that was acknowledged is in the ledger once, where its receipt says, and nothing else
/// is; and the ledger holds against its own check.
fn each_event_is_there_once(database: &Database, journal: &Journal) {
    let rows = database.query("SELECT event_id, ledger_index FROM invocations");
    let stored: HashMap<&str, u64> =
        rows.iter().map(|row| (row[0].as_str(), row[1].parse().unwrap())).collect();
    assert_eq!(stored.len(), rows.len(), "an event is there twice");
    for (id, place) in &journal.receipts {
        let found = stored.get(id.as_str());
        assert!(found.is_some(), "{id} was acknowledged and is lost");
        assert!(place.is_none() || found == place.as_ref(), "{id}: {found:?}, not {place:?}");
    }
    assert_eq!(rows.len(), journal.receipts.len(), "what was not sent is there");
    let records = database.count("SELECT count(*) FROM ledger_records WHERE log = 'invocations'");
    assert_eq!(records, rows.len(), "rows and records are as many");
    let verified = database.researchflow(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// A process may remember for a second what its clients asked before another stored the last events.
fn what_others_stored_is_heard_of(service: &Service, journal: &Journal) {
    let key = service.key();
    eventually("the sums that clients asked for are of all events", || {
        let told = key.get(COSTS).expect(200);
        (told["total"]["invocations"] == json!(journal.receipts.len())).then_some(())
    });
}

/// A request may be refused, or lost, only while something was broken that it needs.
fn failures_had_a_cause(journal: &Journal, strikes: &[Strike]) {
    for failure in &journal.failures {
        let excuses = strikes.iter().any(|strike| {
            let meanwhile = failure.asked <= strike.healed && strike.began <= failure.ended;
            meanwhile
                && match failure.heard {
                    Heard::Refused(_) => strike.refuses,
                    Heard::Nothing(_) => strike.silences,
                }
        });
        let known: Vec<String> = strikes.iter().map(|it| it.beside(failure.asked)).collect();
        assert!(excuses, "nothing explains {:?}; there was {known:?}", failure.heard);
    }
}

/// The stream has an entry for each index from its first to the ledger's end, and each is the event
/// that stands there. `cli` asks the Redis that has it.
pub(crate) fn is_in_stream(database: &Database, admin: &Client, cli: impl Fn(&[&str]) -> String) {
    let end = eventually("the stream has caught up", || {
        let told = stream(admin);
        let caught_up = told["feed"] == json!("redis") && told["next"] == told["ledger_end"];
        caught_up.then(|| told["ledger_end"].as_u64().unwrap())
    });
    let rows = database.query("SELECT ledger_index, event_id FROM invocations");
    let stored: HashMap<u64, &str> =
        rows.iter().map(|row| (row[0].parse().unwrap(), row[1].as_str())).collect();
    let entries = cli(&["--json", "XRANGE", "ros:insights", "-", "+"]);
    let entries: Vec<(String, Vec<String>)> = serde_json::from_str(&entries).unwrap();
    let index = |id: &str| id.split_once('-').unwrap().0.parse::<u64>().unwrap();
    let Some((first, _)) = entries.first() else { return };
    let expected = index(first)..end;
    let found: Vec<u64> = entries.iter().map(|(id, _)| index(id)).collect();
    assert_eq!(found, expected.collect::<Vec<_>>(), "the stream has a hole");
    for (id, fields) in &entries {
        let event = fields.chunks(2).find(|pair| pair[0] == "event_id").unwrap();
        assert_eq!(stored.get(&index(id)), Some(&event[1].as_str()), "{id}");
    }
}

/// Gauges have come back to rest, counters are numbers, and no process has panicked.
pub(crate) fn metrics_are_sane(service: &Service) {
    let metrics = service.nobody().get("/metrics").text();
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let values: HashMap<&str, f64> = lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect();
    for (name, value) in &values {
        assert!(value.is_finite() && *value >= 0.0, "{name} {value}");
    }
    let at_most = [
        ("researchflow_insights_lag_events", 0.0),
        ("researchflow_insights_dead_letters", 0.0),
        ("researchflow_db_connections", 8.0),
    ];
    for (name, most) in at_most {
        assert!(values[name] <= most, "{name} {}", values[name]);
    }
    let panicked = |line: &Value| line.to_string().contains("panicked");
    assert_eq!(service.log().into_iter().find(panicked), None);
}
