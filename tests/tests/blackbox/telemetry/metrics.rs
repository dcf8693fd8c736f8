//! Metrics: as Prometheus wants them, and as the reference lists them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tests::{Client, Database, PROJECT, Redis, Service, bodies, both, eventually};

both!(prometheus_has_nothing_to_complain_of);

fn prometheus_has_nothing_to_complain_of(database: Database) {
    let redis = Redis::start();
    let service = Service::builder(database).env("REDIS_URL", &redis.url()).start();
    service.key().ingest(&bodies::events("a", 10)).expect(200);
    service.key().get(&format!("{PROJECT}/costs?group_by=model")).expect(200);
    let metrics = service.nobody().get("/metrics").body;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is in Debian's package prometheus");
    promtool.stdin.take().unwrap().write_all(&metrics).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && complaint.is_empty(), "{complaint}");
    // Of the process, too.
    let text = String::from_utf8(metrics).unwrap();
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(text.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}");
    }
    let info = concat!("researchflow_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1");
    assert!(text.lines().any(|line| line == info), "{text}");
    // Whatever there is, is in the reference.
    let reference = std::fs::read_to_string(reference()).unwrap();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let row = format!("| `{name}` | {kind} |");
        assert!(reference.contains(&row), "docs/metrics.md has no row {row}");
    }
}

#[test]
fn they_may_have_a_port_of_their_own() {
    let service = Service::builder(Database::sqlite())
        .env("RESEARCHFLOW_METRICS_LISTEN", "127.0.0.1:0")
        .start();
    let address = eventually("the metrics listen", || {
        let log = service.log();
        let line = log.iter().find(|line| line["message"] == "metrics listening")?;
        line["address"].as_str().map(str::to_owned)
    });
    let metrics = Client::new(&format!("http://{address}"));
    assert!(metrics.get("/metrics").text().contains("researchflow_build_info"));
    let elsewhere = metrics.get("/health");
    elsewhere.problem(404);
    assert_eq!(elsewhere.header("x-content-type-options"), Some("nosniff"));
    service.nobody().get("/metrics").expect_status(404);
}

fn reference() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md")
}

/// `REFERENCE=1` writes it anew.
#[test]
fn the_reference_is_the_one_that_was_reviewed() {
    let database = Database::sqlite();
    // Nothing has to answer at these: they are there, so what is told of them is too.
    let flags = ["--redis-url=redis://127.0.0.1:1", "--otlp-endpoint=http://127.0.0.1:1"];
    let table = database.researchflow(&[&["metrics"][..], &flags].concat());
    assert_eq!(table.code, 0, "{table:?}");
    let page = std::fs::read_to_string(reference()).unwrap();
    let begin = page.find("| metric |").unwrap();
    let wanted = format!("{}{}", &page[..begin], table.text);
    if tests::setting("REFERENCE", 0) == 1 {
        std::fs::write(reference(), &wanted).unwrap();
    }
    let page = std::fs::read_to_string(reference()).unwrap();
    assert!(page == wanted, "docs/metrics.md is out of date: run this with REFERENCE=1");
}
