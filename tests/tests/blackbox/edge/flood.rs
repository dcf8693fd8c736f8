//! Many requests at once, and how much of a quota they used.

use std::thread;
use std::time::Instant;
use tests::{Answer, Client};

/// Fewer at once than the service always has room for (32): what is refused is refused by quotas.
const AT_ONCE: usize = 20;

/// What came of many requests.
pub(super) struct Flood {
    pub(super) answers: Vec<Answer>,
    seconds: f64,
}

/// Asks for `path` `each` times by each of `clients`, all at once.
pub(super) fn flood(clients: &[&Client], path: &str, each: usize) -> Flood {
    let started = Instant::now();
    let ask = |n: usize, client: &Client| -> Vec<Answer> {
        (n..each).step_by(AT_ONCE / clients.len()).map(|_| client.get(path)).collect()
    };
    let answers = thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE / clients.len())
            .flat_map(|n| clients.iter().map(move |client| (n, *client)))
            .map(|(n, client)| scope.spawn(move || ask(n, client)))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    Flood { answers, seconds: started.elapsed().as_secs_f64() }
}

impl Flood {
    pub(super) fn count(&self, status: u16) -> usize {
        self.answers.iter().filter(|answer| answer.status == status).count()
    }

    /// A quota of `burst` requests per `seconds`, of which one was used before, was used up, with
    /// what was earned meanwhile, and all else was refused.
    #[track_caller]
    pub(super) fn used(&self, burst: usize, seconds: u32) {
        let (passed, refused) = (self.count(200), self.count(429));
        assert_eq!(passed + refused, self.answers.len(), "nothing else came");
        let earned = (self.seconds * burst as f64 / f64::from(seconds)) as usize;
        assert!((burst - 1..=burst + earned).contains(&passed), "{passed} of {burst} and {earned}");
    }
}

/// The fields of draft-ietf-httpapi-ratelimit-headers: `"class";q=…;w=…` and `"class";r=…;t=…`.
#[derive(Debug, PartialEq)]
pub(super) struct Fields {
    pub(super) class: String,
    pub(super) quota: u64,
    pub(super) window: u64,
    pub(super) remaining: u64,
    pub(super) seconds: u64,
}

impl Fields {
    /// Both fields, which every answer has that was counted.
    #[track_caller]
    pub(super) fn of(answer: &Answer) -> Self {
        let (class, [quota, window]) = item(answer, "ratelimit-policy", ["q", "w"]);
        let (same, [remaining, seconds]) = item(answer, "ratelimit", ["r", "t"]);
        assert_eq!(class, same, "{answer:?}");
        assert!(remaining <= quota && (1..=window).contains(&seconds), "{answer:?}");
        Self { class, quota, window, remaining, seconds }
    }
}

/// One item of a list of structured fields (RFC 9651): a string with whole numbers as parameters.
#[track_caller]
fn item(answer: &Answer, name: &str, parameters: [&str; 2]) -> (String, [u64; 2]) {
    let text = answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer:?}"));
    let mut parts = text.split(';');
    let class = parts.next().and_then(|part| part.strip_prefix('"')?.strip_suffix('"'));
    let numbers = parameters.map(|key| {
        let value = parts.next().and_then(|part| part.strip_prefix(key)?.strip_prefix('='));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name}: {text}"))
    });
    assert_eq!(parts.next(), None, "{name}: {text}");
    (class.unwrap_or_else(|| panic!("{name}: {text}")).to_owned(), numbers)
}

/// A refusal by a quota: a problem that says when to come again, at most `longest` seconds later.
#[track_caller]
pub(super) fn is_refused(answer: &Answer, longest: u64) {
    let problem = answer.problem(429);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=longest).contains(&seconds), "{seconds}");
    assert!(problem["type"].as_str().unwrap().ends_with("too-many-requests"), "{problem}");
}
