//! Clients that send events of known ids, and a journal of all that they were told.

use crate::insights::load::events;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};
use tests::{Client, PROJECT, Service, within};

const SENDERS: usize = 3;
/// Events in a batch, at most.
const BATCH: usize = 12;
/// Between one batch and the next: a load, not a bench.
const PAUSE: Duration = Duration::from_millis(15);
/// The sums that are read in between.
pub(crate) const COSTS: &str = "/api/v1/projects/default/costs?group_by=model";
/// How long a client goes on trying.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the service is: a process that starts again is elsewhere.
#[derive(Clone)]
pub(crate) struct Targets(Arc<RwLock<Vec<Client>>>);

impl Targets {
    pub(crate) fn of(services: &[Service]) -> Self {
        Self(Arc::new(RwLock::new(services.iter().map(Service::key).collect())))
    }

    /// The process of this number is another now.
    pub(crate) fn moved(&self, number: usize, service: &Service) {
        self.0.write().unwrap()[number] = service.key();
    }

    fn pick(&self, turn: usize) -> Client {
        let clients = self.0.read().unwrap();
        clients[turn % clients.len()].clone()
    }
}

/// What a client heard that was no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A 503, and its text.
    Refused(String),
    /// No whole answer.
    Nothing(String),
}

/// A request without success.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) asked: Instant,
    pub(crate) ended: Instant,
    pub(crate) heard: Heard,
}

/// Everything that clients know.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Each acknowledged event, and its place in the ledger as soon as somebody was told.
    pub(crate) receipts: HashMap<String, Option<u64>>,
    pub(crate) failures: Vec<Failure>,
    /// When receipts came.
    acknowledged: Vec<Instant>,
}

impl Journal {
    /// The longest time between two moments in which no receipt came.
    pub(crate) fn longest_silence(&self, from: Instant, to: Instant) -> Duration {
        let within = self.acknowledged.iter().copied().filter(|at| (from..to).contains(at));
        let mut moments: Vec<Instant> = within.chain([from, to]).collect();
        moments.sort_unstable();
        moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }

    /// Sends a batch, to one process after the other, until it is acknowledged.
    fn deliver(&mut self, targets: &Targets, turn: usize, batch: &Value) {
        let mut turns = turn..;
        within(PATIENCE, "a batch is acknowledged", || {
            let client = targets.pick(turns.next()?);
            let path = format!("{PROJECT}/invocations");
            let told = self.ask(&client, "POST", &path, Some(batch))?;
            self.acknowledged.push(Instant::now());
            self.note(&told);
            Some(())
        });
    }

    /// Asks once; `None`, and noted, if there was no success that somebody could have refused.
    fn ask(
        &mut self,
        client: &Client,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Option<Value> {
        let asked = Instant::now();
        let text = body.map(Value::to_string);
        let fields = [("content-type", "application/json")];
        let fields = if body.is_some() { &fields[..] } else { &[] };
        let heard = match client.try_send(method, path, fields, text.as_ref().map(String::as_bytes))
        {
            Ok(answer) if answer.status == 503 => Heard::Refused(answer.text()),
            Ok(answer) => return Some(answer.expect(200)),
            Err(error) => Heard::Nothing(error.to_string()),
        };
        self.failures.push(Failure { asked, ended: Instant::now(), heard });
        None
    }

    /// Takes receipts down. An event has one place in the ledger, whoever asks and however often.
    fn note(&mut self, told: &Value) {
        assert_eq!(told["rejected"], json!([]));
        for receipt in told["receipts"].as_array().unwrap() {
            let id = receipt["event_id"].as_str().unwrap();
            let place = receipt["ledger_index"].as_u64();
            let known = self.receipts.entry(id.to_owned()).or_default();
            if let (Some(known), Some(place)) = (*known, place) {
                assert_eq!(known, place, "{id} has two receipts");
            }
            *known = place.or(*known);
        }
    }

    fn extend(&mut self, other: Self) {
        self.receipts.extend(other.receipts);
        self.failures.extend(other.failures);
        self.acknowledged.extend(other.acknowledged);
    }
}

/// Sends all the time while `what` happens, then until all is acknowledged. Every fourth batch comes
/// twice; sums are read in between.
pub(crate) fn under_traffic(targets: &Targets, name: &str, what: impl FnOnce()) -> Journal {
    /// Ends the senders even if `what` panics.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let ending = Done(&done);
        let start = |sender: usize| {
            let (name, done) = (format!("{name}-{sender}"), &done);
            scope.spawn(move || send(targets, &name, sender, done))
        };
        let senders: Vec<_> = (0..SENDERS).map(start).collect();
        what();
        drop(ending);
        let mut journal = Journal::default();
        for sender in senders {
            journal.extend(sender.join().expect("a sender that was told nothing impossible"));
        }
        journal
    })
}

fn send(targets: &Targets, name: &str, sender: usize, done: &AtomicBool) -> Journal {
    let mut journal = Journal::default();
    for batch in 0.. {
        if done.load(Relaxed) {
            break;
        }
        let body = events(&format!("{name}-{batch}"), 1 + batch % BATCH);
        journal.deliver(targets, sender + batch, &body);
        if batch % 4 == 0 {
            journal.deliver(targets, sender + batch + 1, &body);
            journal.ask(&targets.pick(batch), "GET", COSTS, None);
        }
        thread::sleep(PAUSE);
    }
    journal
}
