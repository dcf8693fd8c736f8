//! Schemathesis makes requests from the OpenAPI document, good ones and bad ones; the service
//! answers each as the document says, and never with 5xx.

use super::programs::{file, python, run};
use std::process::Command;
use tests::{Database, KEY, Service, bodies, both, setting};

both!(the_document_holds);

fn the_document_holds(database: Database) {
    let service = Service::start(database);
    service.key().ingest(&bodies::events("e", 20)).expect(200);
    let mut schemathesis =
        Command::new(python("schemathesis/requirements.txt").join("schemathesis"));
    schemathesis
        .arg("--config-file")
        .arg(file("schemathesis/schemathesis.toml"))
        .args(["run", &format!("{}/api/v1/openapi.json", service.base())])
        .args(["--header", &format!("Authorization: Bearer {KEY}")])
        .args(["--max-examples", &setting("EXAMPLES", 5).to_string()])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--no-color"])
        .current_dir(service.database().folder());
    run(&mut schemathesis);
}

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";
