//! What keeps a core busy is done by few threads, however much of it comes at once.

use serde_json::json;
use std::thread;
use tests::{Database, PASSWORD, Service, both};

both!(sign_ins_take_turns);

/// More than there are threads.
const AT_ONCE: usize = 48;

/// Each is a hash of 19 MiB, by somebody else from elsewhere, so that none is one too many.
fn sign_ins_take_turns(database: Database) {
    let service = Service::builder(database).env("RESEARCHFLOW_TRUSTED_PROXIES", "1").start();
    let sign_in = |n: usize| {
        let client = service.nobody().with("x-forwarded-for", &format!("192.0.2.{n}"));
        let body = json!({"email": format!("user-{n}@x.test"), "password": PASSWORD});
        client.post("/api/v1/sessions", &body).problem(401);
    };
    sign_in(0);
    let before = threads(&service);
    thread::scope(|scope| {
        for n in 1..=AT_ONCE {
            let sign_in = &sign_in;
            scope.spawn(move || sign_in(n));
        }
    });
    // Those that have nothing to do would still be there: tokio lets them wait for ten seconds.
    let after = threads(&service);
    assert!(after < before + AT_ONCE / 8, "{before} threads, then {after}");
}

fn threads(service: &Service) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", service.pid())).unwrap().count()
}
