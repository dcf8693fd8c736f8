//! What a thousand slow clients do to others: slowhttptest in its header, body and read modes
//! against the service, beside a client that reads a project: `make slow-clients`.
//!
//! The service has core 0. The others share core 1, where slowhttptest has what the client that is
//! measured leaves: else its own work would count as the service's.
//!
//! The aim: the other client's p99 at most doubles.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tests::load::{Load, Request, Tally, open, pin};
use tests::{Database, KEY, PROJECT, Service, setting};

/// Requests a second of the client that is measured.
const RATE: f64 = 200.0;
const CONNECTIONS: usize = 1000;

fn main() {
    let limit = Duration::from_secs(setting("SECONDS", 30) as u64);
    // Descriptors for each connection and for the copy by which it is watched.
    let service =
        Service::builder(Database::sqlite()).env("RUST_LOG", "warn,researchflow=info").start();
    pin(service.pid(), 0);
    pin(std::process::id(), 1);
    let request = Request::get(service.address(), PROJECT, KEY);
    let load = Load { requests: vec![request], connections: 64, limit };
    open(&Load { limit: Duration::from_secs(3), ..load.clone() }, RATE);
    println!("{RATE} reads/s beside {CONNECTIONS} slow connections, {limit:?} each");
    let before = open(&load, RATE);
    let usual = report("nobody else", &before, None);
    for (name, path, arguments) in [
        ("slow headers", "/", &["-H", "-i", "5"][..]),
        (
            "slow bodies",
            "/api/v1/sessions",
            &["-B", "-i", "5", "-s", "8192", "-f", "application/json"],
        ),
        // The longest answer that there is, and no longer than the buffers unless asked for often.
        (
            "slow reading",
            "/api/v1/openapi.json",
            &["-X", "-n", "5", "-z", "32", "-w", "512", "-y", "1024", "-k", "10"],
        ),
    ] {
        let mut crowd = Crowd::start(&service, path, limit, arguments);
        let during = open(&load, RATE);
        report(name, &during, Some(usual));
        println!("    slowhttptest: {}", crowd.end());
    }
}

fn report(name: &str, tally: &Tally, usual: Option<f64>) -> f64 {
    let [p50, p99, longest] = [50, 99, 100].map(|percent| tally.percentile(percent, |_| true));
    let times = usual.map(|usual| format!(", {:.2} times as long", p99 / usual));
    println!(
        "  {name:<14} p50 {p50:>6.2} ms, p99 {p99:>6.2} ms{}, longest {longest:>7.2} ms; other than 200: {}",
        times.unwrap_or_default(),
        tally.offered() - tally.count(|status| status == 200),
    );
    p99
}

/// slowhttptest, running.
struct Crowd(Child);

impl Crowd {
    fn start(service: &Service, path: &str, limit: Duration, arguments: &[&str]) -> Self {
        let (connections, seconds) = (CONNECTIONS.to_string(), limit.as_secs().to_string());
        let process = Command::new("taskset")
            .args(["-c", "1", "nice", "-n", "19", "slowhttptest"])
            .args(["-c", &connections, "-r", "100", "-l", &seconds])
            .args(["-u", &format!("{}{path}", service.base()), "-p", "5"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("taskset and slowhttptest; scripts/prerequisites installs them");
        Self(process)
    }

    /// What it found: how many connections it had at its end, and whether the service answered.
    fn end(&mut self) -> String {
        let mut said = String::new();
        let pipe = self.0.stdout.take().expect("a pipe");
        std::io::Read::read_to_string(&mut { pipe }, &mut said).expect("a text");
        let _ = self.0.wait();
        let status = said.rsplit("slow HTTP test status").next().unwrap_or_default();
        let told = ["connected:", "closed:", "service available:", "Exit status:"];
        let lines = status.lines().filter(|line| told.iter().any(|name| line.contains(name)));
        lines.map(plain).collect::<Vec<_>>().join("; ")
    }
}

/// A line without its colours.
fn plain(line: &str) -> String {
    let mut words = line.split('\u{1b}').map(|part| match part.split_once('m') {
        Some((code, text)) if code.starts_with('[') => text,
        _ => part,
    });
    let text: String = words.by_ref().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
