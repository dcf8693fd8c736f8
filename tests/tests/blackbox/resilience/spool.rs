//! The database is away for a while, and events wait on the disk: nobody hears of it but by the
//! receipts, and in the end everything is in the ledger, once and in order.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use tests::{
    Answer, Builder, Client, Database, Kind, Link, PROJECT, Service, WriteLock, bodies, both,
    eventually,
};

both!(
    events_wait_on_the_disk_and_follow_in_order,
    what_waits_survives_the_process,
    a_full_spool_refuses_and_keeps_what_it_has,
    what_waits_is_clean_and_encrypted,
    who_may_send_while_the_database_is_away,
    a_damaged_file_is_kept,
);

/// A service whose database can be taken away.
struct Broken {
    service: Service,
    link: Option<Link>,
    lock: Option<WriteLock>,
}

impl Broken {
    fn start(database: Database, set: impl FnOnce(Builder) -> Builder) -> Self {
        let url = database.url();
        let builder = set(Service::builder(database));
        let Some(place) = url.strip_prefix("postgres://") else {
            return Self { service: builder.start(), link: None, lock: None };
        };
        let (user, place) = place.split_once('@').unwrap();
        let (address, name) = place.split_once('/').unwrap();
        let link = Link::to(address.parse().unwrap());
        let url = format!("postgres://{user}@{}/{name}", link.address());
        Self { service: builder.env("DATABASE_URL", &url).start(), link: Some(link), lock: None }
    }

    /// The database is gone; PostgreSQL's server hangs if `frozen`.
    fn begin(&mut self, frozen: bool) {
        match &self.link {
            Some(link) if frozen => link.freeze(),
            Some(link) => link.cut(),
            None => self.lock = Some(self.service.database().lock_writes()),
        }
    }

    fn end(&mut self) {
        self.lock = None;
        if let Some(link) = &self.link {
            link.mend();
        }
    }

    /// Waits until nothing waits.
    fn drained(&self) {
        let is_empty = || (metric(&self.service, "researchflow_spool_events") == 0).then_some(());
        eventually("the spool is empty", is_empty);
        let is_ready = || {
            let ready = self.service.nobody().get("/ready");
            (body(&ready)["status"] == "ready").then_some(())
        };
        eventually("it is ready", is_ready);
        let verified = self.service.database().researchflow(&["ledger", "verify"]);
        assert_eq!(verified.code, 0, "{verified:?}");
    }

    /// Sends events one by one until one is spooled.
    fn until_spooled(&self, client: &Client) -> String {
        let number = AtomicUsize::new(0);
        eventually("an event is spooled", || {
            let id = format!("first-{}", number.fetch_add(1, SeqCst));
            let answer = client.ingest(&bodies::event(&id)).expect(200);
            is_spooled(&answer["receipts"][0]).then_some(id)
        })
    }
}

fn is_spooled(receipt: &Value) -> bool {
    let spooled = receipt["state"] == "spooled";
    assert_eq!(receipt["ledger_index"].is_null(), spooled, "{receipt}");
    assert!(spooled || receipt["state"] == "stored", "{receipt}");
    spooled
}

fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.text()).unwrap()
}

fn metric(service: &Service, name: &str) -> usize {
    let text = service.nobody().get("/metrics").text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name}")).parse().unwrap()
}

fn events_wait_on_the_disk_and_follow_in_order(database: Database) {
    let mut broken = Broken::start(database, |builder| builder);
    broken.service.key().ingest(&bodies::event("before")).expect(200);
    let (over, spooled) = (AtomicBool::new(false), AtomicUsize::new(0));
    let sent = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let (client, over, spooled) = (broken.service.key(), &over, &spooled);
                scope.spawn(move || send_until(&client, sender, over, spooled))
            })
            .collect();
        for frozen in [false, true] {
            spooled.store(0, SeqCst);
            broken.begin(frozen);
            let enough = || (spooled.load(SeqCst) > 200).then_some(());
            eventually("events are spooled", enough);
            broken.end();
            broken.drained();
        }
        over.store(true, SeqCst);
        senders.into_iter().map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
    });
    broken.drained();
    let database = broken.service.database();
    for (sender, sent) in sent.into_iter().enumerate() {
        let sql = format!(
            "SELECT event_id FROM invocations WHERE run_id = 'sender-{sender}' ORDER BY ledger_index"
        );
        let stored: Vec<String> = database.query(&sql).into_iter().flatten().collect();
        let expected: Vec<String> = (0..sent).map(|n| format!("{sender}-{n}")).collect();
        assert!(stored == expected, "of sender {sender}: {sent} sent, {} stored", stored.len());
    }
    let marked = metric(&broken.service, "researchflow_spool_added_events_total");
    assert_eq!(metric(&broken.service, "researchflow_spool_drained_events_total"), marked);
}

/// Every event is acknowledged; returns how many there were.
fn send_until(client: &Client, sender: usize, over: &AtomicBool, spooled: &AtomicUsize) -> usize {
    let mut sent = 0;
    while !over.load(SeqCst) {
        let (run, id) = (format!("sender-{sender}"), format!("{sender}-{sent}"));
        let changes = json!({"run_id": run, "client_sequence": sent});
        let answer = client.ingest(&bodies::with(bodies::event(&id), changes)).expect(200);
        spooled.fetch_add(usize::from(is_spooled(&answer["receipts"][0])), SeqCst);
        sent += 1;
    }
    sent
}

fn what_waits_survives_the_process(database: Database) {
    let mut broken = Broken::start(database, |builder| builder);
    let client = broken.service.key();
    client.ingest(&bodies::event("before")).expect(200);
    client.post("/v1/traces", &json!({"resourceSpans": []})).expect(200);
    broken.begin(false);
    let first = broken.until_spooled(&client);
    let again = client.ingest(&bodies::event(&first)).expect(200);
    assert_eq!(again["receipts"][0]["duplicate"], true);
    assert!(is_spooled(&again["receipts"][0]));
    let lines = bodies::ndjson(&[bodies::event("line-1"), bodies::event("line-2")]);
    let path = format!("{PROJECT}/invocations");
    let fields = [("content-type", "application/x-ndjson")];
    let answer = client.post_bytes(&path, &fields, &lines).expect(200);
    assert!(answer["receipts"].as_array().unwrap().iter().all(is_spooled), "{answer}");
    let span = json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "chat",
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                       {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o-mini"}}],
    });
    let export = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    client.post("/v1/traces", &export).expect(200);

    broken.service.kill();
    broken.end();
    broken.service.restart();
    broken.drained();
    let database = broken.service.database();
    for id in [first.as_str(), "line-1", "line-2"] {
        let count = format!("SELECT count(*) FROM invocations WHERE event_id = '{id}'");
        assert_eq!(database.count(&count), 1, "{id}");
        let read = broken.service.key().get(&format!("{PROJECT}/invocations/{id}")).expect(200);
        assert_eq!(read["record"]["spooled"], true);
    }
    assert_eq!(database.count("SELECT count(*) FROM invocations WHERE span_id IS NOT NULL"), 1);
    let before = broken.service.key().get(&format!("{PROJECT}/invocations/before")).expect(200);
    assert_eq!(before["record"]["spooled"], Value::Null);
    let wanted = json!({"run_id": "run-1"});
    let report = broken.service.admin().post(&format!("{PROJECT}/reports"), &wanted).expect(201);
    assert!(report["report"]["completeness"]["spooled"].as_u64() >= Some(3), "{report}");
}

fn a_full_spool_refuses_and_keeps_what_it_has(database: Database) {
    let small = |builder: Builder| builder.env("RESEARCHFLOW_SPOOL_MAX_BYTES", "20000");
    refuses_when_full(Broken::start(database, small));
}

/// Where SQLite's file stood there is nothing, or another: whoever went on would write into nowhere.
#[test]
fn a_file_that_is_gone_takes_nothing() {
    let broken = Broken::start(Database::sqlite(), |builder| builder);
    let (client, admin) = (broken.service.key(), broken.service.admin());
    client.ingest(&bodies::event("before")).expect(200);
    let file = broken.service.database().file();
    let aside = file.with_extension("aside");
    for (round, is_replaced) in [false, true].into_iter().enumerate() {
        let old = broken.service.database().copy();
        std::fs::rename(&file, &aside).unwrap();
        if is_replaced {
            std::fs::copy(old.file(), &file).unwrap();
        }
        let id = format!("meanwhile-{round}");
        let answer = client.ingest(&bodies::event(&id)).expect(200);
        assert!(is_spooled(&answer["receipts"][0]), "{answer}");
        client.get(&format!("{PROJECT}/invocations/before")).problem(503);
        let project = json!({"name": "Nowhere", "slug": "nowhere"});
        admin.post("/api/v1/projects", &project).problem(503);
        assert_eq!(file.exists(), is_replaced);

        std::fs::rename(&aside, &file).unwrap();
        broken.drained();
        client.get(&format!("{PROJECT}/invocations/{id}")).expect(200);
    }
}

/// Its log has what was committed last: without its name nobody would find that again.
#[test]
fn a_log_that_lost_its_name_loses_nothing() {
    let mut broken = Broken::start(Database::sqlite(), |builder| builder);
    let client = broken.service.key();
    let log = broken.service.database().file().with_extension("db-wal");
    for round in 0..2 {
        client.ingest(&bodies::event(&format!("before-{round}"))).expect(200);
        std::fs::remove_file(&log).unwrap();
        client.ingest(&bodies::event(&format!("meanwhile-{round}"))).expect(200);
        broken.drained();
    }
    broken.service.kill();
    broken.service.restart();
    assert_eq!(broken.service.database().count("SELECT count(*) FROM invocations"), 4);
    broken.drained();
}

/// On a full disk it is the same.
#[test]
fn a_full_disk_refuses_and_keeps_what_it_has() {
    refuses_when_full(Broken::start(Database::postgres(), |builder| builder.file_limit(100)));
}

fn refuses_when_full(mut broken: Broken) {
    let client = broken.service.key();
    client.ingest(&bodies::event("before")).expect(200);
    for round in 0..2 {
        broken.begin(false);
        let mut kept = BTreeSet::new();
        let mut number = 0;
        let refused: Answer = eventually("the spool is full", || {
            let id = format!("{round}-{number}");
            number += 1;
            let answer = client.ingest(&bodies::events(&id, 5));
            if answer.status != 200 {
                return Some(answer);
            }
            let answer = answer.expect(200);
            let receipts = answer["receipts"].as_array().unwrap();
            kept.extend(receipts.iter().map(|it| it["event_id"].as_str().unwrap().to_owned()));
            None
        });
        refused.problem(503);
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        assert!(kept.len() >= 5, "{kept:?}");
        eventually("it is not ready", || (client.get("/ready").status == 503).then_some(()));
        assert!(metric(&broken.service, "researchflow_spool_refused_events_total") >= 5);

        broken.end();
        broken.drained();
        for id in kept {
            client.get(&format!("{PROJECT}/invocations/{id}")).expect(200);
        }
        client.ingest(&bodies::event(&format!("after-{round}"))).expect(200);
    }
    let counted = broken.service.database().count(
        "SELECT count(*) FROM (SELECT event_id FROM invocations GROUP BY event_id \
         HAVING count(*) > 1) AS twice",
    );
    assert_eq!(counted, 0);
}

fn what_waits_is_clean_and_encrypted(database: Database) {
    let mut broken = Broken::start(database, |builder| builder);
    let client = broken.service.key();
    client.ingest(&bodies::event("before")).expect(200);
    broken.begin(false);
    broken.until_spooled(&client);
    let canary = "canary.patient@clinic.example";
    let event = json!({"input": format!("write to {canary}"), "attributes": {"note": canary}});
    let answer = client.ingest(&bodies::with(bodies::event("canary"), event)).expect(200);
    assert!(is_spooled(&answer["receipts"][0]));
    let folder = broken.service.database().data_dir().join("spool");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut files = 0;
    for file in folder.read_dir().unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{path:?}");
        let bytes = std::fs::read(path).unwrap();
        for text in [canary, "gpt-4o-mini", "event_id"] {
            assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()), "{text}");
        }
        files += usize::from(!bytes.is_empty());
    }
    assert!(files > 0);
    broken.end();
    broken.drained();
    let read = client.get(&format!("{PROJECT}/invocations/canary")).expect(200);
    assert!(!read.to_string().contains(canary));
}

fn who_may_send_while_the_database_is_away(database: Database) {
    let mut broken = Broken::start(database, |builder| builder);
    let kind = broken.service.database().kind();
    let (_, sender) = broken.service.new_key(&["ingest"]);
    sender.ingest(&bodies::event("before")).expect(200);
    let (id, revoked) = broken.service.new_key(&["ingest"]);
    revoked.ingest(&bodies::event("revoked-before")).expect(200);
    let gone = broken.service.key().delete(&format!("{PROJECT}/keys/{id}"));
    assert!(gone.status < 300, "{gone:?}");
    let (_, reader) = broken.service.new_key(&["read"]);
    reader.get(&format!("{PROJECT}/invocations/before")).expect(200);

    broken.begin(false);
    let waiting = broken.until_spooled(&sender);
    let state = eventually("it is degraded", || {
        let ready = sender.get("/ready").expect(200);
        (ready["status"] == "degraded").then_some(ready)
    });
    let spool = state["dependencies"].as_array().unwrap().iter().find(|it| it["name"] == "spool");
    assert_eq!(spool.unwrap()["state"], "degraded", "{state}");
    // On SQLite only writing fails: reads are answered, as ever.
    let status = |answer: Answer, sqlite: u16| {
        let wanted = if kind == Kind::Postgres { 503 } else { sqlite };
        assert_eq!(answer.status, wanted, "{answer:?}");
    };
    status(reader.get(&format!("{PROJECT}/invocations/before")), 200);
    status(broken.service.key().get(&format!("{PROJECT}/invocations/{waiting}")), 404);
    let stranger = broken.service.nobody().with_key("rf_never_seen_before_0123456789abcdefghijkl");
    for (client, id) in [(&revoked, "revoked"), (&stranger, "stranger"), (&reader, "not-allowed")] {
        assert_ne!(client.ingest(&bodies::event(id)).status, 200, "{id}");
    }

    broken.end();
    broken.drained();
    for id in ["revoked", "stranger", "not-allowed"] {
        broken.service.key().get(&format!("{PROJECT}/invocations/{id}")).expect(404);
    }
}

fn a_damaged_file_is_kept(database: Database) {
    let mut broken = Broken::start(database, |builder| builder);
    let client = broken.service.key();
    client.ingest(&bodies::event("before")).expect(200);
    broken.begin(false);
    broken.until_spooled(&client);
    client.ingest(&bodies::events("many", 20)).expect(200);
    assert_eq!(broken.service.stop().code(), Some(0), "what waits keeps nobody from stopping");
    broken.end();
    let folder = broken.service.database().data_dir().join("spool");
    let files = || folder.read_dir().unwrap().map(|file| file.unwrap().path());
    let largest = files().max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let mut bytes = std::fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&largest, bytes).unwrap();

    broken.service.restart();
    broken.drained();
    assert_eq!(metric(&broken.service, "researchflow_spool_damaged_frames_total"), 1);
    assert!(files().any(|path| path.extension().is_some_and(|it| it == "damaged")));
    let many = "SELECT count(*) FROM invocations WHERE event_id LIKE 'many-%'";
    assert!(broken.service.database().count(many) >= 19);
}
