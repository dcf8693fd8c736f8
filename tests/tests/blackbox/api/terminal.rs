//! What operators ask a running service from a terminal: `smoke`, `dashboard` and `seed`.

use serde_json::Value;
use std::fs::File;
use tests::{Database, KEY, Outcome, PROJECT, Service, bodies, both, eventually};

both!(
    a_sound_service_passes_every_check,
    what_is_wrong_is_named,
    one_look_shows_figures_and_costs,
    a_service_that_is_gone_is_critical,
    sample_data_come_through_the_api
);

fn researchflow(service: &Service, command: &str, more: &[&str]) -> Outcome {
    let base = service.base();
    service.database().researchflow(&[&[command, &base], more].concat())
}

fn outcomes(outcome: &Outcome) -> Vec<(String, bool)> {
    let told: Value = serde_json::from_str(&outcome.text).unwrap();
    let told = told.as_array().unwrap().iter();
    told.map(|it| (it["check"].as_str().unwrap().to_owned(), it["passed"] == true)).collect()
}

fn a_sound_service_passes_every_check(database: Database) {
    let service = Service::start(database);
    let without_key = researchflow(&service, "smoke", &[]);
    assert_eq!(without_key.code, 0, "{without_key:?}");
    assert!(without_key.text.ends_with("All 8 checks passed.\n"), "{without_key:?}");
    assert_eq!(service.database().count("SELECT COUNT(*) FROM invocations"), 0);

    let with_key = researchflow(&service, "smoke", &["--key", KEY, "--json"]);
    assert_eq!(with_key.code, 0, "{with_key:?}");
    let all = outcomes(&with_key);
    assert!(all.len() == 10 && all.iter().all(|(_, passed)| *passed), "{all:?}");
    assert_eq!(service.database().count("SELECT COUNT(*) FROM invocations"), 1);
}

fn what_is_wrong_is_named(database: Database) {
    let service = Service::start(database);
    let failed = researchflow(
        &service,
        "smoke",
        &["--expect-version", "0.0.0", "--key", "not-a-key-of-this-service-at-all", "--json"],
    );
    assert_eq!(failed.code, 1);
    let failed: Vec<_> = outcomes(&failed).into_iter().filter(|(_, passed)| !passed).collect();
    let names: Vec<_> = failed.iter().map(|(check, _)| check.as_str()).collect();
    assert_eq!(names, ["alive", "record", "costs"]);
    let odd = service.database().researchflow(&["smoke", "localhost:8080"]);
    assert_eq!((odd.code, odd.complaint.lines().count()), (1, 1), "{odd:?}");
}

fn one_look_shows_figures_and_costs(database: Database) {
    let service = Service::start(database);
    let sender = service.nobody().with_key(KEY);
    sender.post(&format!("{PROJECT}/invocations"), &bodies::events("seen", 3)).expect(200);
    let look = eventually("a look with the costs", || {
        let look =
            researchflow(&service, "dashboard", &["--once", "--interval", "1", "--key", KEY]);
        assert_eq!(look.code, 0, "{look:?}");
        look.text.contains("in all").then_some(look.text)
    });
    for panel in ["Health: ready", "Latency", "Errors", "Events", "Resources", "Routes", "Costs"] {
        assert!(look.contains(panel), "{panel} in\n{look}");
    }
    // The first look's own request lies between the two.
    assert!(look.contains("/metrics") && look.contains("  well"), "{look}");
    let piped = researchflow(&service, "dashboard", &[]);
    assert_eq!((piped.code, piped.complaint.as_str()), (1, "This is no terminal: use --once.\n"));
}

fn a_service_that_is_gone_is_critical(database: Database) {
    let mut service = Service::start(database);
    let base = service.base();
    service.kill();
    let look = service.database().researchflow(&["dashboard", &base, "--once", "--interval", "1"]);
    assert_eq!(look.code, 1, "{look:?}");
    assert!(look.text.contains("  critical") && look.text.contains("no answer"), "{look:?}");
}

fn sample_data_come_through_the_api(database: Database) {
    let service = Service::start(database);
    let base = service.base();
    let seed = |key| {
        let arguments = ["seed", "--url", base.as_str(), "--key", key, "--runs", "3"];
        service.database().researchflow(&arguments)
    };
    let done = seed(KEY);
    assert_eq!(done.code, 0, "{done:?}");
    let runs = service.key().all(&format!("{PROJECT}/runs"));
    let events: i64 = runs.iter().map(|run| run["invocations"].as_i64().unwrap()).sum();
    assert_eq!(runs.len(), 3, "{runs:?}");
    assert_eq!(done.text, format!("{events} events in 3 runs were recorded.\n"));
    let refused = seed("not-a-key-of-this-service-at-all");
    let why = "does not take events: 401 Unauthorized instead of 200: ";
    assert!(refused.code == 1 && refused.complaint.contains(why), "{refused:?}");
    assert_eq!(refused.complaint.lines().count(), 1, "{refused:?}");
}

#[test]
fn what_could_not_be_written_is_a_failure() {
    let database = Database::sqlite();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ended = database.command(&["openapi"]).stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(String::from_utf8_lossy(&ended.stderr).contains("could not be written"), "{ended:?}");
    // Nobody would ever know the first password.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut serve = database.command(&["serve"]);
    let ended = serve.env("RESEARCHFLOW_LISTEN", "127.0.0.1:0").stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(String::from_utf8_lossy(&ended.stderr).contains("could not be written"), "{ended:?}");
    assert_eq!(database.count("SELECT count(*) FROM users"), 0);
    // A reader that has seen enough.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = database.command(&["openapi"]).stdout(writer).output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}
