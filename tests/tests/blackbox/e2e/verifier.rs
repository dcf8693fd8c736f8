//! The Go project's own transparency-log code checks the live ledger.

use super::programs::{file, run, target, told};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use tests::{Database, PROJECT, Service, bodies, both};

both!(go_verifies_the_ledger);

fn go_verifies_the_ledger(database: Database) {
    let service = Service::start(database);
    let mut proofs = Vec::new();
    for part in 0..3 {
        service.key().ingest(&bodies::events(&format!("g{part}"), 270)).expect(200);
        for n in [0, 13, 269] {
            proofs.push(proof(&service, &format!("g{part}-{n}")));
        }
    }
    service.new_key(&["read"]);
    assert_eq!(ledgercheck(&service, "invocations", &proofs)["inclusion_proofs"], 9);
    ledgercheck(&service, "audit", &[]);
}

fn proof(service: &Service, id: &str) -> Value {
    let found = service.key().get(&format!("{PROJECT}/invocations/{id}")).expect(200);
    let ledger = &found["ledger"];
    json!({"index": ledger["index"], "entry": ledger["entry"],
        "proof": ledger["inclusion_proof"], "checkpoint": ledger["checkpoint"]})
}

/// Its summary.
fn ledgercheck(service: &Service, log: &str, proofs: &[Value]) -> Value {
    // Two tests may build at once; each has its own result, and both the cache.
    let program = service.database().folder().join("ledgercheck");
    let mut build = Command::new("go");
    build
        .args(["build", "-o"])
        .arg(&program)
        .arg("./go/ledgercheck")
        .current_dir(file(""))
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", target().join("go"));
    run(&mut build);
    let mut child = Command::new(&program)
        .arg(format!("{}/ledger/{log}", service.base()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bodies::ndjson(proofs)).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", told(program.as_os_str(), &output));
    serde_json::from_slice(&output.stdout).unwrap()
}
