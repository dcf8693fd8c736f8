//! One read of the database serves all who ask.

use super::{Two, forgotten, loads, reads};
use serde_json::json;
use std::time::Instant;
use tests::{Database, PROJECT, Redis, bodies, both, eventually};

both!(many_reads_after_a_change_load_once, a_report_is_read_once_for_all);

fn many_reads_after_a_change_load_once(database: Database) {
    let redis = Redis::start();
    let Two { a: service, .. } = &Two::start(database, &redis);
    let client = service.key();
    client.json("PATCH", PROJECT, &json!({"name": "Changed"})).expect(200);
    let before = [loads(service, "project"), forgotten(service)];
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(client.get(PROJECT).expect(200)["name"], "Changed");
                }
            });
        }
    });
    let loaded = loads(service, "project") - before[0];
    // What was loaded is fresh for 0.54 s or more.
    let most = 1 + started.elapsed().as_millis() as usize / 540 + forgotten(service) - before[1];
    assert!((1..=most).contains(&loaded), "{loaded} of {most}");
    let answered: usize = ["local_hit", "stale_hit", "joined"]
        .iter()
        .map(|outcome| reads(service, "project", outcome))
        .sum();
    assert!(answered >= 1000 - most, "{answered}");
}

fn a_report_is_read_once_for_all(database: Database) {
    let redis = Redis::start();
    let two = Two::start(database, &redis);
    two.a.key().ingest(&bodies::events("e", 5)).expect(200);
    let reports = format!("{PROJECT}/reports");
    let period = json!({"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"});
    let made = two.a.key().post(&reports, &period).expect(201);
    let path = format!("{reports}/{}", made["id"].as_str().unwrap());
    let first = two.a.key().get(&path).text();
    // Whoever asked was answered before it was stored for the others.
    let stored = || redis.run::<Vec<String>>("KEYS *:cache:entry:report:*").pop();
    eventually("the report is stored in Redis", stored);
    let before = forgotten(&two.b);
    for service in [&two.a, &two.b] {
        for _ in 0..3 {
            assert_eq!(service.key().get(&path).text(), first);
            let markdown = service.key().get(&format!("{path}?format=markdown"));
            markdown.expect_status(200);
        }
    }
    assert_eq!((loads(&two.a, "report"), loads(&two.b, "report")), (1, 0));
    // As often as it was not believed any more it is read there again.
    let (shared, most) = (reads(&two.b, "report", "shared_hit"), 1 + forgotten(&two.b) - before);
    assert!((1..=most).contains(&shared), "{shared} of {most}");
    assert!(reads(&two.b, "report", "local_hit") >= 1);
    // A list tells of reports and has none in it.
    let listed = two.b.key().get(&reports).expect(200);
    assert_eq!(listed["items"][0]["sha256"], made["sha256"]);
    assert!(listed["items"][0].get("report").is_none(), "{listed}");
    // Nobody else's eyes: the project decides first.
    two.b.nobody().get(&path).problem(401);
    two.b.key().get(&format!("{reports}/none")).problem(404);
}
