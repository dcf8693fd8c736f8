//! Redis is killed, emptied, frozen and replaced under load: nothing is lost, nothing doubled,
//! nobody hears a 5xx, and all of it is in the stream again afterwards.

use super::counts::{all_is_added_up, stream};
use super::load::{events, under_load};
use serde_json::json;
use std::time::Duration;
use tests::{Client, Database, Redis, Service, both, eventually};

both!(
    redis_may_do_what_it_likes,
    redis_may_come_later,
    a_lease_taken_by_a_wrong_clock_keeps_nobody_waiting
);

fn on_feed(admin: &Client, feed: &str) {
    eventually(feed, || (stream(admin)["feed"] == json!(feed)).then_some(()));
}

/// The stream ends where the ledger does.
fn is_relayed(admin: &Client) {
    eventually("the stream has caught up", || {
        let told = stream(admin);
        (told["feed"] == json!("redis") && told["next"] == told["ledger_end"]).then_some(())
    });
}

/// Long enough for some batches; nothing depends on how many they are.
fn a_while() {
    std::thread::sleep(Duration::from_millis(700));
}

fn redis_may_do_what_it_likes(database: Database) {
    let mut redis = Redis::start();
    let service = Service::builder(database).env("REDIS_URL", &redis.url()).start();
    let (key, admin) = (service.key(), service.admin());
    on_feed(&admin, "redis");
    let sent = under_load(&key, "load", || {
        a_while();
        redis.flush();
        a_while();
        redis.freeze();
        on_feed(&admin, "database");
        a_while();
        redis.thaw();
        on_feed(&admin, "redis");
        a_while();
        redis.kill();
        on_feed(&admin, "database");
        a_while();
        redis.restart();
        on_feed(&admin, "redis");
        // Another's stream, which goes on far beyond our ledger.
        redis.cli(&["XADD", "ros:insights", "900000000-0", "v", "1"]);
        a_while();
    });
    assert_eq!(service.database().count("SELECT count(*) FROM invocations"), sent);
    is_relayed(&admin);
    all_is_added_up(&service, &admin);
    assert_eq!(service.nobody().get("/ready").expect(200)["status"], "ready");
}

fn redis_may_come_later(database: Database) {
    let mut redis = Redis::start();
    redis.kill();
    let service = Service::builder(database).env("REDIS_URL", &redis.url()).start();
    let (key, admin) = (service.key(), service.admin());
    let ready = service.nobody().get("/ready").expect(200);
    assert_eq!(ready["status"], "degraded", "{ready}");
    under_load(&key, "before", a_while);
    all_is_added_up(&service, &admin);
    redis.restart();
    is_relayed(&admin);
    under_load(&key, "after", a_while);
    is_relayed(&admin);
    all_is_added_up(&service, &admin);
}

fn a_lease_taken_by_a_wrong_clock_keeps_nobody_waiting(database: Database) {
    let redis = Redis::start();
    let mut service = Service::builder(database).env("REDIS_URL", &redis.url()).start();
    on_feed(&service.admin(), "redis");
    service.kill();
    let later = "UPDATE insights_leases SET holder = 'gone', until = until + 86400000000";
    service.database().execute(later);
    service.restart();
    service.key().ingest(&events("late", 3)).expect(200);
    is_relayed(&service.admin());
}
