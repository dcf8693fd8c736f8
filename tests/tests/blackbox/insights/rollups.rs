//! Sums are exact at once, and stay so when rollups have taken over.

use super::counts::{all_is_added_up, stream, sums_are_exact, sums_are_exact_in, verify};
use super::load::events;
use serde_json::json;
use tests::{Database, PROJECT, Service, bodies, both, eventually};

both!(
    what_was_just_written_is_counted,
    parts_of_hours_are_exact,
    runs_are_summed,
    sums_beyond_64_bits_are_the_most_that_fits,
    a_projects_rollups_go_with_it
);

fn what_was_just_written_is_counted(database: Database) {
    let mut service = Service::builder(database).flag("--no-worker").start();
    let admin = service.admin();
    service.key().ingest(&events("first", 300)).expect(200);
    sums_are_exact(&service);
    assert_eq!(service.database().count("SELECT count(*) FROM cost_rollups"), 0, "no worker runs");
    verify(&service, 0);

    let worker = service.worker();
    all_is_added_up(&service, &admin);
    for n in 0..20 {
        service.key().ingest(&events(&format!("more-{n}"), 10)).expect(200);
        service.key().ingest(&events(&format!("more-{n}"), 10)).expect(200);
        sums_are_exact(&service);
    }
    all_is_added_up(&service, &admin);
    assert_eq!(worker.stop().code(), Some(0));

    service.key().ingest(&events("last", 50)).expect(200);
    service.restart();
    sums_are_exact(&service);
    let _worker = service.worker();
    all_is_added_up(&service, &service.admin());

    service.database().execute("UPDATE cost_rollups SET input_tokens = input_tokens + 1 WHERE hour = (SELECT min(hour) FROM cost_rollups)");
    verify(&service, 1);
}

fn parts_of_hours_are_exact(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    service.key().ingest(&events("x", 500)).expect(200);
    let at = |time: &str| {
        // Microseconds of times on 1 March 2026.
        let (hour, minute) = time.split_once(':').unwrap();
        let (hour, minute): (i64, i64) = (hour.parse().unwrap(), minute.parse().unwrap());
        1_772_323_200_000_000 + (hour * 60 + minute) * 60_000_000
    };
    let periods = [
        ("01:00", "03:00"),
        ("01:10", "03:20"),
        ("01:10", "01:50"),
        ("01:10", "02:10"),
        ("00:00", "23:00"),
    ];
    let check = || {
        for (from, to) in periods {
            let query = format!("&from=2026-03-01T{from}:00Z&to=2026-03-01T{to}:00Z");
            let condition = format!("AND occurred_at >= {} AND occurred_at < {}", at(from), at(to));
            sums_are_exact_in(&service, &query, &condition);
        }
        let (query, since) = ("&from=2026-03-01T02:30:00Z", at("02:30"));
        sums_are_exact_in(&service, query, &format!("AND occurred_at >= {since}"));
        let (query, until) = ("&to=2026-03-01T02:30:00Z", at("02:30"));
        sums_are_exact_in(&service, query, &format!("AND occurred_at < {until}"));
    };
    check();
    all_is_added_up(&service, &admin);
    check();
}

fn runs_are_summed(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    service.key().ingest(&events("x", 200)).expect(200);
    let check = || {
        for run in service.key().all(&format!("{PROJECT}/runs")) {
            let id = run["run_id"].as_str().unwrap();
            let sql = format!(
                "SELECT count(*), sum(CASE WHEN status = 'error' THEN 1 ELSE 0 END),
                        sum(input_tokens), min(occurred_at) = 1 FROM invocations WHERE run_id = '{id}'"
            );
            let row = service.database().query(&sql).remove(0);
            let told = ["invocations", "errors", "input_tokens"].map(|name| run[name].to_string());
            assert_eq!(told.as_slice(), &row[..3], "{run}");
            let one = service.key().get(&format!("{PROJECT}/runs/{id}")).expect(200);
            assert_eq!(one["input_tokens"], run["input_tokens"], "{one}");
        }
    };
    check();
    all_is_added_up(&service, &admin);
    check();
}

fn sums_beyond_64_bits_are_the_most_that_fits(database: Database) {
    const MOST: &str = "9223372036.854775807";
    let service = Service::builder(database).flag("--no-worker").start();
    let admin = service.admin();
    // Ten on each of two days, in one hour; seven of the first agent's, which fit.
    let dear = |n: usize| {
        let changes = json!({
            "cost_usd": "999999999",
            "occurred_at": format!("2026-03-0{}T12:00:00Z", 1 + n % 2),
            "agent": format!("agent-{}", n % 3),
            "stage": null,
        });
        bodies::with(bodies::event(&format!("dear-{n}")), changes)
    };
    let batch = json!({"events": (0..20).map(dear).collect::<Vec<_>>()});
    service.key().ingest(&batch).expect(200);
    let costs = |by: &str| {
        let told = service.key().get(&format!("{PROJECT}/costs?group_by={by}")).expect(200);
        assert_eq!(
            (&told["total"]["cost_usd"], &told["total"]["invocations"]),
            (&json!(MOST), &json!(20)),
            "{by}"
        );
        let items = told["items"].as_array().unwrap();
        items.iter().map(|item| item["cost_usd"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let check = || {
        assert_eq!(costs("day"), [MOST, MOST]);
        assert_eq!(costs("run"), [MOST]);
        assert_eq!(costs("agent"), ["6999999993", "6999999993", "5999999994"]);
        let runs = service.key().get(&format!("{PROJECT}/runs")).expect(200);
        assert_eq!(runs["items"][0]["cost_usd"], MOST);
        let run = service.key().get(&format!("{PROJECT}/runs/run-1")).expect(200);
        assert_eq!(run["cost_usd"], MOST);
        verify(&service, 0);
    };
    check();
    let _worker = service.worker();
    eventually("everything is in the rollups", || {
        (stream(&admin)["unapplied"] == json!(0)).then_some(())
    });
    check();
}

fn a_projects_rollups_go_with_it(database: Database) {
    let mut service = Service::start(database);
    let admin = service.admin();
    let project = json!({"slug": "short", "name": "Short"});
    admin.post("/api/v1/projects", &project).expect(201);
    let events = bodies::events("gone", 10);
    admin.post("/api/v1/projects/short/invocations", &events).expect(200);
    service.key().ingest(&bodies::events("stays", 10)).expect(200);
    all_is_added_up(&service, &admin);
    admin.delete("/api/v1/projects/short?confirm=Short").expect_status(204);
    service.database().execute("UPDATE projects SET deleted_at = 1 WHERE slug = 'short'");
    service.restart();
    eventually("the project is erased", || {
        (service.database().count("SELECT count(*) FROM invocations") == 10).then_some(())
    });
    let left = service.database().count("SELECT sum(invocations) FROM cost_rollups");
    assert_eq!(left, 10);
    all_is_added_up(&service, &service.admin());
}
