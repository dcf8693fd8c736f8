//! Redis with the settings for production: the service can do all that it does, and its user nothing
//! else.

use crate::insights::counts::{all_is_added_up, stream};
use crate::insights::load::events;
use serde_json::json;
use std::path::Path;
use tests::{Client, Database, OPERATOR, PROJECT, ProductionRedis, SERVICE_USER, Service};
use tests::{eventually, users_acl};

const LETTERS: &str = "/api/v1/insights/dead-letters";

fn start(redis: &ProductionRedis) -> [Service; 2] {
    let first = Service::builder(Database::postgres())
        .flag("--no-worker")
        .env("REDIS_URL", &redis.url())
        .env("RESEARCHFLOW_REDIS_CA", &redis.ca().display().to_string())
        // So slow a quota that Redis remembers each request for a third of a second.
        .env("RESEARCHFLOW_RATE_LIMITS", "api=10000/3600,ingest=10000/3600")
        .start();
    let second = first.beside().start();
    [first, second]
}

#[test]
fn the_service_needs_no_more_than_its_user_may() {
    let redis = ProductionRedis::start();
    let operator = |words: &[&str]| redis.cli(OPERATOR, words);
    let services = start(&redis);
    let worker = services[0].worker();
    let admin = services[0].admin();

    the_feed_works(&services[0], &admin);
    letters_are_parked_and_dropped(&admin, &operator);
    the_cache_is_shared(&services, &operator);
    eventually("rate limits are in Redis", || {
        services[1].key().get(PROJECT).expect(200);
        (!operator(&["KEYS", "ros:rl:*"]).trim().is_empty()).then_some(())
    });
    eventually("the stream was trimmed", || {
        operator(&["INFO", "commandstats"]).contains("cmdstat_xinfo|consumers").then_some(())
    });
    assert_eq!(services[0].nobody().get("/ready").expect(200)["status"], "ready");
    assert_eq!(worker.stop().code(), Some(0));
    assert_eq!(operator(&["ACL", "LOG"]).trim(), "", "nothing was refused");

    drop(services);
    the_user_can_do_nothing_else(&redis);
}

fn the_feed_works(service: &Service, admin: &Client) {
    service.key().ingest(&events("fed", 300)).expect(200);
    eventually("the worker has read all of it from Redis", || {
        let told = stream(admin);
        let is_read = told["groups"].as_array()?.iter().any(|group| group["acknowledged"] == 300);
        (told["feed"] == "redis" && is_read).then_some(())
    });
    all_is_added_up(service, admin);
}

fn letters_are_parked_and_dropped(admin: &Client, operator: &impl Fn(&[&str]) -> String) {
    // What cannot be read.
    operator(&["XADD", "ros:insights", "5000-0", "since", "300"]);
    eventually("there is a dead letter", || {
        let letters = admin.get(LETTERS).expect(200);
        (letters["items"][0]["index"] == 5000).then_some(())
    });
    assert_eq!(operator(&["XLEN", "ros:insights:dead"]).trim(), "1");
    admin.delete(&format!("{LETTERS}/5000")).expect_status(204);
    assert_eq!(operator(&["XLEN", "ros:insights:dead"]).trim(), "0");
}

fn the_cache_is_shared([first, second]: &[Service; 2], operator: &impl Fn(&[&str]) -> String) {
    eventually("both processes listen, and the worker", || {
        let told = operator(&["PUBSUB", "NUMSUB", "ros:cache:changes"]);
        (told.lines().last()?.trim() == "3").then_some(())
    });
    first.key().json("PATCH", PROJECT, &json!({"name": "Changed"})).expect(200);
    eventually("the other process has heard of it", || {
        (second.key().get(PROJECT).expect(200)["name"] == "Changed").then_some(())
    });
    let period = json!({"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"});
    let reports = format!("{PROJECT}/reports");
    let made = first.key().post(&reports, &period).expect(201);
    let path = format!("{reports}/{}", made["id"].as_str().unwrap());
    assert_eq!(first.key().get(&path).text(), second.key().get(&path).text());
    let entries = operator(&["KEYS", "ros:cache:entry:*"]);
    assert!(!entries.trim().is_empty(), "the report is in Redis");
}

fn the_user_can_do_nothing_else(redis: &ProductionRedis) {
    let refused: [&[&str]; 19] = [
        &["FLUSHALL"],
        &["FLUSHDB"],
        &["CONFIG", "GET", "*"],
        &["KEYS", "*"],
        &["SCAN", "0"],
        &["GET", "other"],
        &["SET", "ros:other", "1"],
        &["XADD", "ros:insights:other", "*", "a", "b"],
        &["PUBLISH", "other", "1"],
        &["SUBSCRIBE", "other"],
        &["PSUBSCRIBE", "*"],
        &["EVAL", "return 1", "0"],
        &["SCRIPT", "FLUSH"],
        &["SELECT", "1"],
        &["ACL", "LIST"],
        &["CLIENT", "LIST"],
        &["MONITOR"],
        &["SHUTDOWN"],
        &["REPLICAOF", "127.0.0.1", "1"],
    ];
    for words in refused {
        let told = redis.cli(SERVICE_USER, words);
        assert!(told.contains("NOPERM"), "{words:?}: {told}");
    }
    // Nor by a script.
    let script = "return redis.call('GET', 'other')";
    let digest = redis.cli(SERVICE_USER, &["SCRIPT", "LOAD", script]);
    let told = redis.cli(SERVICE_USER, &["EVALSHA", digest.trim(), "0"]);
    assert!(told.contains("NOPERM") || told.contains("ERR"), "{told}");
    // Nobody else is there, and not even those who may do all write files elsewhere.
    let told = redis.cli("default", &["PING"]);
    assert!(told.contains("WRONGPASS"), "{told}");
    let told = redis.cli(OPERATOR, &["CONFIG", "SET", "dir", "/tmp"]);
    assert!(told.contains("protected config"), "{told}");
}

/// A script that is changed to use another command fails in production, where tests do not look.
#[test]
fn every_command_of_every_script_is_allowed() {
    let users = users_acl(&[]);
    let mut commands = 0;
    for script in scripts() {
        let text = std::fs::read_to_string(&script).unwrap();
        for call in text.split("redis.call('").skip(1) {
            let words: Vec<&str> = call.split('\'').step_by(2).take(2).collect();
            let (name, second) = (words[0].to_lowercase(), words.get(1).copied().unwrap_or("x"));
            let is_container = matches!(&*name, "xinfo" | "xgroup");
            let command = if is_container { format!("{name}|{second}") } else { name };
            let granted = format!("+{} ", command.to_lowercase());
            let is_granted = users.replace('\n', " ").contains(&granted);
            assert!(is_granted, "{}: {command} is not in users.acl", script.display());
            commands += 1;
        }
    }
    assert!(commands > 20, "{commands}");
}

fn scripts() -> Vec<std::path::PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|it| it == "lua") => found.push(path),
                _ => {}
            }
        }
    }
    found
}

#[test]
fn another_prefix_is_everywhere() {
    let users = users_acl(&["trial:"]);
    assert!(!users.contains("ros:"), "{users}");
    for key in ["~trial:rl:* ", "~trial:cache:* ", "~trial:insights ", "&trial:cache:changes "] {
        assert!(users.contains(key), "{users}");
    }
}
