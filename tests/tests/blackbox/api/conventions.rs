//! What holds for every route: problems, request ids, headers, pages of lists.

use serde_json::json;
use std::collections::HashSet;
use tests::{Database, PROJECT, Service, bodies, both};

both!(
    every_error_is_a_problem,
    a_request_id_comes_back,
    lists_come_in_pages,
    probes_answer,
    it_ends_on_sigterm
);

fn every_error_is_a_problem(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let events = format!("{PROJECT}/invocations");
    for path in [
        "/api/v1/nothing",
        "/api/v2/projects",
        "/v1/nothing",
        "/ledger/nothing/checkpoint",
        "/api/v1/projects/%00",
        "/api/v1/projects/%ff",
    ] {
        let answer = key.get(path);
        assert!([400, 404].contains(&answer.status), "{answer:?}");
        answer.problem(answer.status);
    }
    for (method, path) in [
        ("DELETE", events.as_str()),
        ("PUT", "/api/v1/sessions"),
        ("POST", "/health"),
        ("GET", "/v1/traces"),
    ] {
        let answer = key.send(method, path, &[], None);
        answer.problem(405);
        assert!(answer.header("allow").is_some(), "{answer:?}");
    }
    let json = [("content-type", "application/json")];
    key.post_bytes(&events, &json, b"{\"model\":").problem(400);
    key.post_bytes("/api/v1/sessions", &json, b"{\"email\":").problem(400);
    key.post_bytes(&events, &[("content-type", "text/plain")], b"{}").problem(415);
    key.post_bytes(&events, &[], b"{}").problem(415);
    key.post_bytes("/v1/traces", &[("content-type", "text/csv")], b"a,b").problem(415);
    let coded = |coding: &str| {
        let fields = [("content-type", "application/json"), ("content-encoding", coding)];
        key.post_bytes(&events, &fields, b"{}")
    };
    let answer = coded("rot13");
    answer.problem(415);
    assert_eq!(answer.header("accept-encoding"), Some("gzip, identity"), "{answer:?}");
    coded("Identity").expect(200);
    service.nobody().get(PROJECT).problem(401);
}

fn a_request_id_comes_back(database: Database) {
    let service = Service::builder(database).env("RUST_LOG", "debug").start();
    let ask = |id: &str| {
        let answer = service.key().send("GET", PROJECT, &[("x-request-id", id)], None);
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(ask("trial-7_run.42"), "trial-7_run.42");
    for wild in ["", "a b", "<script>", &"x".repeat(300)] {
        let given = ask(wild);
        assert!(given != wild && !given.is_empty(), "{given}");
    }
    let missing =
        service.key().send("GET", "/api/v1/nothing", &[("x-request-id", "seen-in-log")], None);
    assert_eq!(missing.problem(404)["instance"], "seen-in-log");
    let logged =
        || service.log().iter().any(|line| line.to_string().contains("seen-in-log")).then_some(());
    tests::eventually("the log knows the request's id", logged);
}

fn lists_come_in_pages(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    key.ingest(&bodies::events("e", 25)).expect(200);
    let path = format!("{PROJECT}/invocations?limit=10");
    let pages = [10, 10, 5].map(|_| ());
    let (mut cursor, mut seen) = (String::new(), HashSet::new());
    for (number, ()) in pages.into_iter().enumerate() {
        let page = key.get(&format!("{path}{cursor}")).expect(200);
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), [10, 10, 5][number]);
        seen.extend(items.iter().map(|item| item["event_id"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => assert_eq!(number, 2),
        }
    }
    assert_eq!(seen.len(), 25);
    for query in [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=x",
        "cursor=nonsense",
        "cursor=%F0%9F",
        "unknown=1",
        "from=yesterday",
    ] {
        key.get(&format!("{PROJECT}/invocations?{query}")).problem_4xx();
    }
    assert_eq!(
        key.get(&format!("{PROJECT}/invocations?limit=500")).expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        25
    );
}

fn probes_answer(database: Database) {
    let service = Service::start(database);
    let nobody = service.nobody();
    nobody.get("/health").expect_status(200);
    nobody.get("/ready").expect(200);
    let metrics = nobody.get("/metrics");
    metrics.expect_status(200);
    assert!(metrics.text().contains("# TYPE "), "{}", metrics.text());
    let health = service.researchflow(&["healthcheck"]);
    assert_eq!(health.code, 0, "{health:?}");
    let answer = service.key().get(PROJECT);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("server").is_none());
}

fn it_ends_on_sigterm(database: Database) {
    let mut service = Service::start(database);
    service.key().ingest(&bodies::event("kept")).expect(200);
    assert_eq!(service.stop().code(), Some(0));
    service.restart();
    assert_eq!(
        service.key().get(&format!("{PROJECT}/invocations/kept")).expect(200)["record"]["run_id"],
        json!("run-1")
    );
}
