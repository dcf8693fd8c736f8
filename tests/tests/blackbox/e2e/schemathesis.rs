//! Schemathesis makes requests from the OpenAPI document, good ones and bad ones; the service
//! answers each as the document says, and never with 5xx. All of its checks are on; what it is told
//! not to expect stands in `schemathesis.toml`, with the reasons.

use super::programs::{file, python, run};
use std::process::Command;
use tests::{Database, KEY, Service, bodies, both, setting};

both!(the_document_holds_for_a_key, the_document_holds_for_a_user);

fn the_document_holds_for_a_key(database: Database) {
    let service = Service::start(database);
    service.key().ingest(&bodies::events("e", 20)).expect(200);
    let mut schemathesis = schemathesis(&service);
    schemathesis
        .args(["--header", &format!("Authorization: Bearer {KEY}")])
        .args(["--phases", "examples,coverage,fuzzing,stateful"]);
    run(&mut schemathesis);
}

/// One's own account, which keys know nothing of. What ends the session is not asked for.
fn the_document_holds_for_a_user(database: Database) {
    let service = Service::start(database);
    let user = service.user("fuzzer@researchflow.test", Some("admin"));
    let mut schemathesis = schemathesis(&service);
    schemathesis
        .env("SESSION", user.cookie().split_once('=').unwrap().1)
        .args(["--header", "Sec-Fetch-Site: same-origin"])
        .args(["--include-path-regex", "^/api/v1/(sessions|users)"])
        .args(["--exclude-operation-id", "delete_api_v1_sessions_current"])
        .args(["--exclude-operation-id", "delete_api_v1_sessions_session"])
        .args(["--phases", "examples,coverage,fuzzing,stateful"]);
    run(&mut schemathesis);
}

fn schemathesis(service: &Service) -> Command {
    let mut schemathesis =
        Command::new(python("schemathesis/requirements.txt").join("schemathesis"));
    schemathesis
        .env("SESSION", "")
        .arg("--config-file")
        .arg(file("schemathesis/schemathesis.toml"))
        .args(["run", &format!("{}/api/v1/openapi.json", service.base())])
        .args(["--max-examples", &setting("EXAMPLES", 5).to_string()])
        .args(["--checks", "all", "--no-color"])
        .current_dir(service.database().folder());
    schemathesis
}
