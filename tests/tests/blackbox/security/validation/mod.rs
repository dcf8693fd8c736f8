//! Bad input, made from the OpenAPI document that the running service shows: every operation, every
//! input that it declares, wrong in each way that the schema knows. Each request is answered by a
//! problem that names the field, and leaves nothing behind (OWASP ASVS 5.0 2.2 and 4.1).
//!
//! A new operation is tested because it is in the document. One with an input that nothing here can
//! break fails the test.

mod cases;
mod document;
mod schema;

use cases::{Case, cases};
use document::{Operation, operations};
use schema::Schema;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;
use tests::{Answer, Client, Database, KEY, Service, both};

both!(every_input_of_every_operation_is_checked);

/// Bodies that the document calls any JSON, and the published schemas that they follow.
const PUBLISHED: [(&str, &str); 1] =
    [("POST /api/v1/projects/{project}/invocations", "/api/v1/schemas/ai_invocation_event.json")];

/// Operations that are tried at once: a refused body is waited for, and costs nothing else.
const AT_ONCE: usize = 8;

/// What only API keys may do.
const BY_KEY: [&str; 2] = ["POST /v1/traces", "POST /api/public/otel/v1/traces"];

/// Where faults may pass: how, and why.
const TOLERATED: [(&str, &str, &str); 3] = [
    (
        "GET /api/v1/auth/oidc/callback",
        "an unknown field",
        "providers may add members (RFC 6749, section 4.1.2); there is none here",
    ),
    ("POST /v1/traces", "too deep", "OTLP receivers pass over fields that they do not know"),
    ("POST /api/public/otel/v1/traces", "too deep", "the same at Langfuse's path"),
];

fn every_input_of_every_operation_is_checked(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let document = service.nobody().get("/api/v1/openapi.json").expect(200);
    let published = PUBLISHED.map(|(name, path)| (name, service.nobody().get(path).expect(200)));
    let before = rows(service.database());
    let queue = Mutex::new(operations(&document).into_iter());
    let next = || queue.lock().unwrap().next();
    let work = || -> Vec<String> {
        let tried = std::iter::from_fn(next).flat_map(|mut operation| {
            for (_, schema) in published.iter().filter(|(name, _)| *name == operation.name) {
                operation.bodies[0].1 = Schema::new(schema, schema);
            }
            let cases = cases(&operation);
            all_inputs_are_covered(&operation, &cases);
            let fault = |case: &Case| fault(&service, &admin, &operation, case);
            cases.iter().filter_map(fault).collect::<Vec<_>>()
        });
        tried.collect()
    };
    let faults: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(rows(service.database()), before, "the rows of each table");
}

fn all_inputs_are_covered(operation: &Operation<'_>, cases: &[Case]) {
    let covered: BTreeSet<&String> = cases.iter().map(|case| &case.input).collect();
    for input in operation.inputs() {
        assert!(covered.contains(&input), "{}: nothing breaks {input}", operation.name);
    }
}

/// What is wrong with the answer to a case.
fn fault(
    service: &Service,
    admin: &Client,
    operation: &Operation<'_>,
    case: &Case,
) -> Option<String> {
    let tolerated =
        |(name, fault, _): &(&str, &str, &str)| *name == operation.name && *fault == case.fault;
    let answer = send(service, admin, operation, case);
    let expected: &[u16] = match case.input.split_once(' ') {
        Some(("path", _)) if case.fault == "a NUL" => &[404],
        Some(("path", _)) => &[400, 404, 414],
        _ => &[400, 413, 415, 422],
    };
    let fault = if matches!(answer.status, 200..300 | 404) && TOLERATED.iter().any(tolerated) {
        return None;
    } else if !expected.contains(&answer.status) {
        "is not refused"
    } else if !is_problem(&answer) {
        "is refused by no problem"
    } else if !names(&answer, case.names.as_deref()) {
        "is not named"
    } else {
        return None;
    };
    let Case { input, fault: how, .. } = case;
    let text: String = answer.text().chars().take(200).collect();
    Some(format!("{}: {input} {how} {fault}: {} {text}", operation.name, answer.status))
}

fn send(service: &Service, admin: &Client, operation: &Operation<'_>, case: &Case) -> Answer {
    let credentials = if BY_KEY.contains(&operation.name.as_str()) {
        format!("authorization: Bearer {KEY}\r\n")
    } else {
        format!("cookie: {}\r\nsec-fetch-site: same-origin\r\n", admin.cookie())
    };
    let fields = case.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let head = format!(
        "{} {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{credentials}content-length: {}\r\n{}\r\n",
        operation.method,
        case.target,
        case.body.len(),
        fields.collect::<String>(),
    );
    service.raw(&[head.as_bytes(), &case.body].concat())
}

fn is_problem(answer: &Answer) -> bool {
    let kind = answer.header("content-type").unwrap_or_default();
    kind.starts_with("application/problem+json") && answer.header("x-request-id").is_some()
}

/// Whether the problem tells where the fault is: in `errors`, or else in words.
fn names(answer: &Answer, name: Option<&str>) -> bool {
    let Some(name) = name else { return true };
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(errors) = problem["errors"].as_array() {
        return errors.iter().any(|error| error["pointer"] == name);
    }
    let detail = problem["detail"].as_str().unwrap_or_default().to_lowercase();
    let word = if name.is_empty() { "the body" } else { &name.to_lowercase() };
    detail.contains(word)
}

/// How many rows each table has that requests can fill. What is done is audited: so nothing was
/// done, either.
fn rows(database: &Database) -> Vec<(&'static str, usize)> {
    let tables = [
        "api_keys",
        "audit_events",
        "idempotency_keys",
        "invocations",
        "memberships",
        "projects",
        "recovery_codes",
        "reports",
        "second_factors",
        "sessions",
        "sign_in_failures",
        "users",
    ];
    tables.map(|table| (table, database.count(&format!("SELECT count(*) FROM {table}")))).into()
}
