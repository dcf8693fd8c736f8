//! Alerts: raised once, resolved once, and kept.

use serde_json::{Value, json};
use std::io::Read;
use std::time::Duration;
use tests::{Client, Database, PROJECT, Service, bodies, both, eventually, within};

both!(slow_requests_raise_an_alert, what_all_share_is_raised_once, the_lost_are_resolved);

const LETTERS: &str = "/api/v1/insights/dead-letters";

fn alerts(admin: &Client, query: &str) -> Vec<Value> {
    admin.all(&format!("/api/v1/alerts{query}"))
}

fn slow_requests_raise_an_alert(database: Database) {
    let service = Service::builder(database)
        .env("RESEARCHFLOW_SLOW_REQUESTS", "api=0")
        .env("RESEARCHFLOW_ALERT_WINDOW_SECONDS", "10")
        .env("RESEARCHFLOW_NODE", "node-1")
        .start();
    let admin = service.admin();
    assert_eq!(alerts(&admin, "?limit=1"), Vec::<Value>::new());
    for _ in 0..100 {
        service.key().get(&format!("{PROJECT}/invocations")).expect(200);
    }
    // Asking the service would itself be slow.
    let rows = |condition: &str| {
        let sql = format!("SELECT count(*) FROM alerts WHERE {condition}");
        service.database().count(&sql)
    };
    eventually("it is raised", || (rows("resolved_at IS NULL") == 1).then_some(()));
    let firing = alerts(&admin, "?state=firing");
    assert_eq!(firing.len(), 1, "{firing:?}");
    let alert = &firing[0];
    assert_eq!(alert["alert"], "slow-requests");
    assert_eq!((&alert["severity"], &alert["class"]), (&"warning".into(), &"api".into()));
    assert_eq!((&alert["node"], &alert["value"]), (&"node-1".into(), &100.0.into()));
    assert!(alert["resolved_at"].is_null() && alert["raised_at"].is_string(), "{alert}");
    let metrics = service.nobody().get("/metrics").text();
    let firing = "researchflow_alerts_firing{alert=\"slow-requests\",severity=\"warning\"} 1";
    assert!(metrics.lines().any(|line| line == firing), "{metrics}");

    let calm = || (rows("resolved_at IS NOT NULL") == 1).then_some(());
    within(Duration::from_secs(60), "it is resolved", calm);
    let resolved = alerts(&admin, "?state=resolved");
    assert_eq!(resolved.len(), 1, "{resolved:?}");
    assert_eq!(resolved[0]["id"], alert["id"]);
    assert!(resolved[0]["resolved_at"].as_str() > alert["raised_at"].as_str());
    assert_eq!(alerts(&admin, "?state=firing"), Vec::<Value>::new());
    let told =
        |message: &str| service.log().iter().filter(|line| line["message"] == message).count();
    assert_eq!((told("an alert is raised"), told("an alert is resolved")), (1, 1));
    let slow = service.log().into_iter().find(|line| line["message"] == "a slow request").unwrap();
    assert_eq!((&slow["class"], &slow["limit"]), (&"api".into(), &0.0.into()), "{slow}");
}

fn what_all_share_is_raised_once(database: Database) {
    let service = Service::builder(database).flag("--no-worker").start();
    let second = service.beside().start();
    service.key().ingest(&bodies::events("x", 2)).expect(200);
    // As if a worker had given it up.
    service.database().execute("UPDATE insights_cursors SET cursor = '; 1'");
    let is_told = |service: &Service, value: &str| {
        let firing = "researchflow_alerts_firing{alert=\"dead-letters\",severity=\"warning\"} ";
        let metrics = service.nobody().get("/metrics").text();
        metrics.lines().any(|line| line.strip_prefix(firing) == Some(value)).then_some(())
    };
    let admin = service.admin();
    for service in [&service, &second] {
        eventually("each process finds it", || is_told(service, "1"));
    }
    let count = |condition: &str| {
        service.database().count(&format!("SELECT count(*) FROM alerts WHERE {condition}"))
    };
    assert_eq!((count("alert = 'dead-letters'"), count("node IS NOT NULL")), (1, 0));
    admin.post(&format!("{LETTERS}/1/retry"), &json!({})).expect_status(204);
    for service in [&service, &second] {
        eventually("each process finds it gone", || is_told(service, "0"));
    }
    eventually("it is resolved", || (count("resolved_at IS NOT NULL") == 1).then_some(()));
    assert_eq!(count("1 = 1"), 1);
}

fn the_lost_are_resolved(database: Database) {
    let mut service = Service::start(database);
    service.kill();
    for (id, seen, resolved) in [("lost", 1, "NULL"), ("old", 1, "2")] {
        service.database().execute(&format!(
            "INSERT INTO alerts (id, fingerprint, alert, severity, node, summary, value_milli, \
             raised_at, seen_at, resolved_at) VALUES ('{id}', 'redis-away//gone:1', 'redis-away', \
             'warning', 'gone:1', 'Redis does not answer.', 1000, 1, {seen}, {resolved})"
        ));
    }
    service.restart();
    let gone = "SELECT count(*) FROM alerts WHERE resolved_at IS NULL OR id = 'old'";
    eventually("the one is resolved, the other forgotten", || {
        (service.database().count(gone) == 0).then_some(())
    });
    let archived = service.database().data_dir().join("archive/telemetry-1970-01.jsonl.gz");
    let mut lines = String::new();
    let packed = std::fs::File::open(archived).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut lines).unwrap();
    let old: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!((&old["kind"], &old["id"]), (&"alert".into(), &"old".into()), "{lines}");
    let kept = alerts(&service.admin(), "?state=resolved");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0]["id"], "lost");
}
