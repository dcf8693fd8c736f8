//! What a service does in production, in a minute: by this `make release` learns which code is hot.
//!
//! The mix of requests goes to SQLite, then to PostgreSQL with Redis and a worker; reads go by TLS as
//! well, with HTTP/2 and without. Limits count, and refuse nobody. Each process ends by SIGTERM, since
//! it writes down at its end what it counted.
#![expect(clippy::expect_used, reason = "a load that cannot go on has failed")]

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;
use tests::load::{Load, closed, mix};
use tests::{Builder, Database, KEY, PROJECT, Redis, Service, setting};

const CONNECTIONS: usize = 16;
/// Reads by TLS, for each version of HTTP.
const READS: usize = 3000;

fn main() {
    let limit = Duration::from_secs(setting("SECONDS", 20) as u64);
    let mut small = limited(Service::builder(Database::sqlite())).start();
    mixed(&small, limit);
    small.stop();

    let redis = Redis::start();
    let large = Service::builder(Database::postgres()).env("REDIS_URL", &redis.url());
    let mut large = limited(large).flag("--no-worker").start();
    let worker = large.worker();
    mixed(&large, limit);
    worker.stop();
    large.stop();

    let mut secret = limited(Service::builder(Database::sqlite()).flag("--tls")).start();
    reads(secret.address(), "--http1.1");
    reads(secret.address(), "--http2");
    secret.stop();
}

/// With limits that are counted and not met.
fn limited(service: Builder) -> Builder {
    let limits = ["api", "console", "ingest"].map(|class| format!("{class}=600000/60"));
    service.env("RESEARCHFLOW_RATE_LIMITS", &limits.join(","))
}

fn mixed(service: &Service, limit: Duration) {
    let load = Load { requests: mix(service.address()), connections: CONNECTIONS, limit };
    let tally = closed(&load);
    let answered = tally.count(|status| (200..300).contains(&status));
    assert!(answered > 0 && answered == tally.offered(), "{answered} of {}", tally.offered());
}

/// Many by each connection: what follows `#` makes each another address, and is not sent.
fn reads(address: SocketAddr, version: &str) {
    let status = Command::new("curl")
        .args([
            "--no-progress-meter",
            "--fail",
            "--insecure",
            "--parallel",
            "--parallel-max",
            "8",
            version,
        ])
        .args(["--output", "/dev/null", "--header", &format!("authorization: Bearer {KEY}")])
        .arg(format!("https://{address}{PROJECT}#[1-{READS}]"))
        .status()
        .expect("curl runs; scripts/prerequisites installs it");
    assert!(status.success(), "curl {version}: {status}");
}
