//! Nobody learns by signing in who has an account: neither from the text nor from the time.

use serde_json::json;
use std::time::{Duration, Instant};
use tests::{ADMIN, Answer, Database, Service};

/// What can be told of an answer, but for the request's own id and the date.
fn seen(answer: &Answer) -> String {
    let mut problem = answer.problem(answer.status);
    problem["instance"].take();
    let fields = answer.headers.iter().map(|(name, value)| match name.as_str() {
        "x-request-id" | "date" => format!("{name}"),
        name => format!("{name}: {value:?}"),
    });
    format!("{} {:?} {problem}", answer.status, fields.collect::<Vec<_>>())
}

/// The time in the middle, and those at a quarter and at three.
fn quartiles(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    [1, 2, 3].map(|quarter| times[times.len() * quarter / 4])
}

/// `SIGN_INS` of them, 2,000 as a rule. What it prints (`--nocapture`) is the measurement of time;
/// a test that fails by time would fail by accident.
#[test]
#[expect(clippy::print_stdout, reason = "a measurement is there to be read")]
fn known_and_unknown_users_look_the_same() {
    let attempts = tests::setting("SIGN_INS", 2000);
    let service = Service::builder(Database::sqlite())
        .env("RESEARCHFLOW_SIGN_IN_ACCOUNT_FAILURES", "1000000")
        .env("RESEARCHFLOW_SIGN_IN_ADDRESS_FAILURES", "1000000")
        .start();
    let client = service.nobody();
    let attempt = |email: &str| {
        let started = Instant::now();
        let body = json!({"email": email, "password": "a guess that is wrong"});
        let answer = client.post("/api/v1/sessions", &body);
        (seen(&answer), started.elapsed())
    };
    let expected = attempt("nobody@researchflow.test").0;
    assert_eq!(attempt(ADMIN).0, expected);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for turn in 0..attempts {
        // By turns, so that what else the machine does falls on both.
        let (email, times) = match turn % 2 {
            0 => (ADMIN, &mut known),
            _ => ("nobody@researchflow.test", &mut unknown),
        };
        let (text, time) = attempt(email);
        assert_eq!(text, expected, "{email}");
        times.push(time);
    }
    println!("known   {:?}\nunknown {:?}", quartiles(known), quartiles(unknown));
}
