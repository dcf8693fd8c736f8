//! Connections that only cost are closed, and so are streams of HTTP/2 whose answers are not read.
//!
//! A client owes something either way: while no request is in progress, the head of the next; while an
//! answer waits to be taken, its reading. Whoever does not pay in time loses the connection. Neither
//! `TCP_USER_TIMEOUT` nor the pings of HTTP/2 see to that: of an answer that is read a few bytes at a time
//! the window opens now and then, and pings are answered by whoever does nothing else.
//!
//! One task looks at all connections once a second, so that a request sets no timer; a connection costs a
//! second descriptor of the same socket, by which it is shut down.

use super::http2::STREAMS;
use socket2::{SockRef, Socket};
use std::net::Shutdown;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

const SWEEP: Duration = Duration::from_secs(1);
/// As many streams as a connection has at once may be reset in this time: behind a proxy there is
/// always somebody who is slow.
const FORGIVEN_WITHIN: Duration = Duration::from_secs(120);

/// What clients are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientPatience {
    /// From the end of a request, or from the start, until the next request's head is there. Apache gives
    /// 20 seconds for a head (`mod_reqtimeout`) and 5 between requests (`KeepAliveTimeout`).
    pub next_head: Duration,
    /// How long an answer may wait to be taken, whatever its size. HTTP/2 shows what was taken by
    /// pieces of 16 KiB, and so this should do for one at the rate below.
    pub grace: Duration,
    /// Each so many bytes that were taken allow a second more. Kestrel cuts off at 240 with a grace
    /// of 5 seconds (`MinResponseDataRate`). Bytes count as taken when the kernel has them, so that
    /// what it and we buffer (some 100 KiB with `Listen::unsent`) is time for a deceiver: 1024
    /// makes it two minutes. On HTTP/2 they do when the client has room for them and for a byte more.
    pub bytes_per_second: u32,
}

impl Default for ClientPatience {
    fn default() -> Self {
        Self {
            next_head: Duration::from_secs(15),
            grace: Duration::from_secs(20),
            bytes_per_second: 1024,
        }
    }
}

impl ClientPatience {
    /// How long a client may have kept an answer waiting by the time that it took `taken` bytes.
    pub(super) fn allowance(self, taken: u64) -> Duration {
        self.grace + Duration::from_secs(taken) / self.bytes_per_second.max(1)
    }
}

/// All connections of a server. Clones are the same.
#[derive(Debug, Clone)]
pub struct Connections {
    patience: ClientPatience,
    all: Arc<Mutex<Vec<Weak<Connection>>>>,
    /// Since when answers say that they are the last.
    farewell: Arc<OnceLock<Instant>>,
}

impl Connections {
    /// None yet.
    pub fn new(patience: ClientPatience) -> Self {
        Self { patience, all: Arc::default(), farewell: Arc::default() }
    }

    /// From now on every answer of HTTP/1.1 is the last of its connection, and says so (RFC 9112,
    /// section 9.6). To be called some time before the server is stopped: whoever asks meanwhile
    /// need not be cut off then.
    pub fn bid_farewell(&self) {
        self.farewell.get_or_init(Instant::now);
    }

    /// Follows a new connection; `None` without a descriptor to spare.
    pub(super) fn follow(&self, stream: &TcpStream) -> Option<Arc<Connection>> {
        let socket = SockRef::from(stream).try_clone().ok()?;
        let state = Mutex::new(State::new(Instant::now()));
        let (patience, farewell) = (self.patience, Arc::clone(&self.farewell));
        let leave = Notify::new();
        let connection = Arc::new(Connection { socket, patience, farewell, leave, state });
        lock(&self.all).push(Arc::downgrade(&connection));
        Some(connection)
    }

    /// Closes, once a second and for ever, the connections and the streams of HTTP/2 whose clients are
    /// overdue. To be run by one task beside the server; `closed` is told how many it were, if any.
    pub async fn close_overdue(self, closed: impl Fn(usize)) {
        loop {
            tokio::time::sleep(SWEEP).await;
            match self.sweep(Instant::now()) {
                0 => {}
                number => closed(number),
            }
        }
    }

    fn sweep(&self, now: Instant) -> usize {
        let mut number = 0;
        lock(&self.all).retain(|connection| {
            let Some(connection) = connection.upgrade() else { return false };
            let mut state = lock(&connection.state);
            number += state.reset_overdue(now);
            if !state.is_overdue(now, connection.patience.next_head) {
                return true;
            }
            number += usize::from(state.goodbye != Goodbye::Said);
            if state.goodbye == Goodbye::Owed {
                state.goodbye = Goodbye::Said;
                connection.leave.notify_one();
                return true;
            }
            // An error means that it is closed already.
            let _ = connection.socket.shutdown(Shutdown::Both);
            false
        });
        number
    }
}

/// One connection, for as long as it is served.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    pub(super) patience: ClientPatience,
    farewell: Arc<OnceLock<Instant>>,
    leave: Notify,
    state: Mutex<State>,
}

impl Connection {
    /// Whether the next answer is the last.
    pub(super) fn is_bidden_farewell(&self) -> bool {
        self.farewell.get().is_some()
    }

    /// Whether a server that stops may close it while it is idle: if it was so before the farewell,
    /// too. Any other is about to ask, and is told by the answer.
    pub(super) fn may_be_closed(&self) -> bool {
        self.farewell.get().is_none_or(|since| lock(&self.state).idle_since <= *since)
    }

    /// Waits until its client is overdue, who is to be told so (RFC 9113, section 9.1), and is cut off a
    /// sweep later.
    pub(super) async fn overdue(&self) {
        lock(&self.state).goodbye = Goodbye::Owed;
        self.leave.notified().await;
    }

    pub(super) fn request_began(&self) {
        lock(&self.state).requests += 1;
    }

    pub(super) fn request_ended(&self) {
        let mut state = lock(&self.state);
        state.requests -= 1;
        state.idle_since = Instant::now();
    }

    /// An answer lies ready, to be taken until `until`. If it is not, its `stream` is reset; without
    /// one the connection ends. Returns the debt's number.
    pub(super) fn owes(&self, until: Instant, stream: Option<Arc<Notify>>) -> u64 {
        let mut state = lock(&self.state);
        state.debts += 1;
        let number = state.debts;
        state.owed.push(Debt { number, until, stream });
        number
    }

    /// A debt is over. That need not mean that somebody reads: the client may have reset the stream.
    pub(super) fn owes_no_more(&self, number: u64) {
        let mut state = lock(&self.state);
        if let Some(at) = state.owed.iter().position(|debt| debt.number == number) {
            state.owed.swap_remove(at);
        }
    }

    /// So there is somebody at the other end who reads.
    pub(super) fn piece_was_taken(&self) {
        lock(&self.state).unpaid = 0;
    }
}

/// A request in progress.
#[derive(Debug)]
pub(super) struct Busy(Arc<Connection>);

impl Busy {
    pub(super) fn on(connection: &Arc<Connection>) -> Self {
        connection.request_began();
        Self(Arc::clone(connection))
    }
}

impl Deref for Busy {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.request_ended();
    }
}

#[derive(Debug)]
struct State {
    /// In progress: from the whole head to the end of the answer's body.
    requests: usize,
    idle_since: Instant,
    /// One at most on HTTP/1.1, one a stream on HTTP/2.
    owed: Vec<Debt>,
    /// How many there ever were.
    debts: u64,
    /// How many streams were reset lately, and when the last was; none of those before a piece of an
    /// answer was taken.
    unpaid: usize,
    unpaid_at: Instant,
    goodbye: Goodbye,
}

/// An answer that waits to be taken.
#[derive(Debug)]
struct Debt {
    number: u64,
    until: Instant,
    /// Told to end, if it has a stream to itself.
    stream: Option<Arc<Notify>>,
}

/// Whether a client hears that its connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goodbye {
    /// HTTP/1.1 has no way to say it but in an answer.
    None,
    Owed,
    Said,
}

impl State {
    fn new(now: Instant) -> Self {
        Self {
            requests: 0,
            idle_since: now,
            owed: Vec::new(),
            debts: 0,
            unpaid: 0,
            unpaid_at: now,
            goodbye: Goodbye::None,
        }
    }

    /// Ends the streams whose answers are overdue, and says how many: behind a proxy the others of
    /// their connection are other people's.
    fn reset_overdue(&mut self, now: Instant) -> usize {
        let before = self.owed.len();
        self.owed.retain(|debt| match &debt.stream {
            Some(stream) if debt.until <= now => {
                stream.notify_one();
                false
            }
            _ => true,
        });
        let reset = before - self.owed.len();
        if reset > 0 {
            let forgiven = (now - self.unpaid_at).as_millis() * u128::from(STREAMS)
                / FORGIVEN_WITHIN.as_millis();
            let forgiven = usize::try_from(forgiven).unwrap_or(usize::MAX);
            self.unpaid = self.unpaid.saturating_sub(forgiven) + reset;
            self.unpaid_at = now;
        }
        reset
    }

    fn is_overdue(&self, now: Instant, next_head: Duration) -> bool {
        let idles = self.requests == 0 && now >= self.idle_since + next_head;
        // Nobody at the other end reads.
        let is_stuck = self.unpaid > STREAMS as usize;
        idles || is_stuck || self.owed.iter().any(|debt| debt.until <= now)
    }
}

/// A panic between two assignments leaves nothing that could not be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_and_unread_answers_fall_due_and_work_does_not() {
        let next_head = Duration::from_secs(25);
        let start = Instant::now();
        let mut state = State::new(start);
        let overdue = |state: &State, seconds| {
            state.is_overdue(start + Duration::from_secs(seconds), next_head)
        };
        assert!(!overdue(&state, 24) && overdue(&state, 25));

        state.requests = 1;
        assert!(!overdue(&state, 3600), "a handler may take its time");

        let debt = |seconds| Debt {
            number: seconds,
            until: start + Duration::from_secs(seconds),
            stream: None,
        };
        state.owed = vec![debt(90), debt(30)];
        assert!(!overdue(&state, 29) && overdue(&state, 30));
    }

    #[tokio::test(start_paused = true)]
    async fn streams_are_reset_until_nobody_reads_at_all() {
        let now = Instant::now();
        let mut state = State { requests: 1, ..State::new(now) };
        for number in 0..=u64::from(STREAMS) {
            assert!(!state.is_overdue(now, Duration::from_secs(25)), "{number}");
            let stream = Arc::new(Notify::new());
            state.owed.push(Debt { number, until: now, stream: Some(Arc::clone(&stream)) });
            assert_eq!(state.reset_overdue(now), 1);
            stream.notified().await;
        }
        assert!(state.is_overdue(now, Duration::from_secs(25)));
        // Of many clients behind a proxy one now and then is slow.
        let later = now + FORGIVEN_WITHIN;
        state.owed.push(Debt { number: 0, until: now, stream: Some(Arc::new(Notify::new())) });
        assert_eq!(state.reset_overdue(later), 1);
        assert!(!state.is_overdue(later, Duration::from_secs(300)));
    }
}
