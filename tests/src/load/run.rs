//! Sending: as answers come, or as a clock says.

use super::{Answered, Connection, Request, Tally};
use actix_web::rt::time::{interval, sleep_until};
use actix_web::rt::{System, spawn};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// What to offer.
#[derive(Clone)]
pub struct Load {
    /// Requests; they take turns.
    pub requests: Vec<Request>,
    /// Connections at most, to all addresses together.
    pub connections: usize,
    /// For how long.
    pub limit: Duration,
}

/// How long answers are waited for after the last request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks on every connection as soon as it was answered.
pub fn closed(load: &Load) -> Tally {
    let answers = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&answers);
    let started = Instant::now();
    System::new().block_on(async move {
        let workers: Vec<_> = (0..load.connections)
            .map(|number| {
                let request = pick(load, number);
                let (limit, answers) = (load.limit, Rc::clone(&kept));
                spawn(async move {
                    let mut connection = Connection::default();
                    while started.elapsed() < limit {
                        let due = Instant::now();
                        let answered = ask(&mut connection, &request, due, started).await;
                        answers.borrow_mut().push(answered);
                    }
                })
            })
            .collect();
        for worker in workers {
            let _ = worker.await;
        }
    });
    Tally::new(answers.take(), 0, started.elapsed())
}

/// What is due and was not sent yet, for whichever connection is free first.
#[derive(Default)]
struct Queue {
    due: RefCell<VecDeque<(Instant, usize)>>,
    idle: RefCell<usize>,
    wake: Notify,
}

/// Asks `rate` times a second, whatever comes back; connections are opened as they are needed.
pub fn open(load: &Load, rate: f64) -> Tally {
    let answers = Rc::new(RefCell::new(Vec::new()));
    let queue = Rc::new(Queue::default());
    let started = Instant::now();
    System::new().block_on(offer(load, rate, started, Rc::clone(&queue), Rc::clone(&answers)));
    let offered = (rate * load.limit.as_secs_f64()) as usize;
    let answers = answers.take();
    let unanswered = offered.saturating_sub(answers.len());
    Tally::new(answers, unanswered, load.limit)
}

async fn offer(
    load: &Load,
    rate: f64,
    started: Instant,
    queue: Rc<Queue>,
    answers: Rc<RefCell<Vec<Answered>>>,
) {
    let (mut sent, mut opened) = (0, 0);
    let offered = (rate * load.limit.as_secs_f64()) as usize;
    let mut ticks = interval(Duration::from_millis(1));
    while sent < offered {
        ticks.tick().await;
        // The first is due at once.
        let now_due = (started.elapsed().as_secs_f64() * rate) as usize + 1;
        for number in sent..now_due.min(offered) {
            let due = started + Duration::from_secs_f64(number as f64 / rate);
            queue.due.borrow_mut().push_back((due, number));
        }
        sent = now_due.min(offered).max(sent);
        let waiting = queue.due.borrow().len();
        let idle = *queue.idle.borrow();
        let wanted = waiting.saturating_sub(idle);
        for _ in 0..wanted.min(load.connections - opened) {
            opened += 1;
            spawn(serve(load.clone(), Rc::clone(&queue), Rc::clone(&answers), started));
        }
        for _ in 0..waiting.min(idle) {
            queue.wake.notify_one();
        }
    }
    let end = Instant::now() + PATIENCE;
    while answers.borrow().len() < offered && Instant::now() < end {
        queue.wake.notify_one();
        sleep_until((Instant::now() + Duration::from_millis(5)).into()).await;
    }
}

async fn serve(
    load: Load,
    queue: Rc<Queue>,
    answers: Rc<RefCell<Vec<Answered>>>,
    started: Instant,
) {
    let mut connections: HashMap<SocketAddr, Connection> = HashMap::new();
    loop {
        let next = queue.due.borrow_mut().pop_front();
        let Some((due, number)) = next else {
            *queue.idle.borrow_mut() += 1;
            queue.wake.notified().await;
            *queue.idle.borrow_mut() -= 1;
            continue;
        };
        let request = pick(&load, number);
        let connection = connections.entry(request.address).or_default();
        let answered = ask(connection, &request, due, started).await;
        answers.borrow_mut().push(answered);
    }
}

fn pick(load: &Load, number: usize) -> Request {
    load.requests[number % load.requests.len()].clone()
}

async fn ask(
    connection: &mut Connection,
    request: &Request,
    due: Instant,
    started: Instant,
) -> Answered {
    let status = connection.ask(request).await.ok();
    Answered { status, due: due - started, after: due.elapsed() }
}
