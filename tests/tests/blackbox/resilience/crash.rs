//! The process dies at random moments under load: what was acknowledged is there once, the rest is
//! there wholly or not at all.

use rand::RngExt;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::{Client, Cluster, Database, Service, bodies, both, eventually, setting};

both!(killed_under_load, ended_under_load);

const SENDERS: usize = 4;

/// What a sender knows of its own events.
#[derive(Default)]
struct Sent {
    /// Event id → ledger index.
    acknowledged: HashMap<String, u64>,
    /// Sent, and no answer heard.
    unanswered: Vec<Value>,
}

fn killed_under_load(database: Database) {
    let mut service = Service::start(database);
    let mut acknowledged = HashMap::new();
    for round in 0..setting("ROUNDS", 4) {
        let sent = under_load(&mut service, round, Service::kill);
        let verified = service.database().researchflow(&["ledger", "verify"]);
        assert_eq!(verified.code, 0, "round {round}, before the restart: {verified:?}");
        service.restart();
        acknowledged.extend(sent.acknowledged);
        check(&service, &acknowledged);

        // A client that heard nothing sends again.
        for batch in sent.unanswered {
            let answer = service.key().ingest(&batch).expect(200);
            acknowledged.extend(receipts(&answer));
        }
        check(&service, &acknowledged);
        let stored = service.database().count("SELECT count(*) FROM invocations");
        assert_eq!(stored, acknowledged.len(), "round {round}: nothing but what was sent, once");
    }
}

fn ended_under_load(database: Database) {
    let mut service = Service::start(database);
    let sent = under_load(&mut service, 0, |service| {
        assert_eq!(service.stop().code(), Some(0));
    });
    service.restart();
    check(&service, &sent.acknowledged);
}

/// It is PostgreSQL that is killed, and the service stays.
#[test]
fn postgres_killed_under_load() {
    let cluster = Cluster::start();
    // Every receipt is to have an index.
    let service = Service::builder(Database::in_cluster(&cluster));
    let mut service = service.env("RESEARCHFLOW_SPOOL_MAX_BYTES", "0").start();
    let mut acknowledged = HashMap::new();
    for round in 0..setting("ROUNDS", 4).div_ceil(2) {
        let sent = under_load(&mut service, round, |_| cluster.kill());
        acknowledged.extend(sent.acknowledged);
        let ready = || (service.nobody().get("/ready").status == 200).then_some(());
        eventually("the service is ready again", ready);
        check(&service, &acknowledged);
        for batch in sent.unanswered {
            acknowledged.extend(receipts(&service.key().ingest(&batch).expect(200)));
        }
        check(&service, &acknowledged);
    }
}

/// Sends until a request fails, which `end` brings about at a random moment, or until `end` is over:
/// a database that is back within a second fails nobody.
fn under_load(service: &mut Service, round: usize, end: impl FnOnce(&mut Service)) -> Sent {
    let key = service.key();
    let moment = Duration::from_millis(rand::rng().random_range(20..700));
    let over = AtomicBool::new(false);
    let parts: Vec<Sent> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (key, over) = (key.clone(), &over);
                scope.spawn(move || send(&key, &format!("{round}-{sender}"), over))
            })
            .collect();
        std::thread::sleep(moment);
        end(service);
        over.store(true, Ordering::Relaxed);
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let mut all = Sent::default();
    for part in parts {
        all.acknowledged.extend(part.acknowledged);
        all.unanswered.extend(part.unanswered);
    }
    all
}

fn send(key: &Client, name: &str, over: &AtomicBool) -> Sent {
    let mut sent = Sent::default();
    for batch in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let events = bodies::events(&format!("{name}-{batch}"), rand::rng().random_range(1..40));
        let fields = [("content-type", "application/json")];
        let path = "/api/v1/projects/default/invocations";
        match key.try_send("POST", path, &fields, Some(events.to_string().as_bytes())) {
            Ok(answer) if answer.status == 200 => {
                sent.acknowledged.extend(receipts(&answer.expect(200)));
            }
            // Refused while it drains, or while its database is away.
            Ok(answer) => {
                answer.problem(503);
                sent.unanswered.push(events);
                break;
            }
            Err(_) => {
                sent.unanswered.push(events);
                break;
            }
        }
    }
    sent
}

fn receipts(answer: &Value) -> Vec<(String, u64)> {
    assert_eq!(answer["rejected"], json!([]));
    let receipt = |it: &Value| {
        (it["event_id"].as_str().unwrap().to_owned(), it["ledger_index"].as_u64().unwrap())
    };
    answer["receipts"].as_array().unwrap().iter().map(receipt).collect()
}

/// Every acknowledged event is there once, under its index; every row has its leaf, and every leaf
/// its row.
fn check(service: &Service, acknowledged: &HashMap<String, u64>) {
    let database = service.database();
    let rows = database.query("SELECT event_id, ledger_index FROM invocations");
    let stored: HashMap<&str, u64> =
        rows.iter().map(|row| (row[0].as_str(), row[1].parse().unwrap())).collect();
    assert_eq!(stored.len(), rows.len(), "no event is there twice");
    for (id, index) in acknowledged {
        assert_eq!(stored.get(id.as_str()), Some(index), "{id} was acknowledged");
    }
    let records = database.count("SELECT count(*) FROM ledger_records WHERE log = 'invocations'");
    let checkpoint = service.nobody().get("/ledger/invocations/checkpoint").text();
    let size: usize = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    assert_eq!((records, size), (rows.len(), rows.len()), "rows, records and leaves are as many");
    let verified = database.researchflow(&["ledger", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}
