//! Bodies that are far larger, or far deeper, than they look.

use tests::{Database, PROJECT, Service, bodies, both};

both!(
    large_bodies_are_refused,
    deep_bodies_are_refused,
    compressed_bombs_are_refused,
    memory_stays_small
);

const JSON: &str = "content-type: application/json\r\n";
const ZIPPED: &str = "content-type: application/json\r\ncontent-encoding: gzip\r\n";

fn path() -> String {
    format!("{PROJECT}/invocations")
}

fn large_bodies_are_refused(database: Database) {
    let service = Service::start(database);
    let body = vec![b' '; 5 << 20];
    for path in [path().as_str(), "/v1/traces", "/api/v1/sessions", "/api/v1/projects"] {
        service.raw_post(path, JSON, &body).problem(413);
    }
    let chunked = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\n{JSON}\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n",
        path(),
        tests::KEY,
        body.len()
    );
    service.raw(&[chunked.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat()).problem(413);
    service.key().ingest(&bodies::event("after")).expect(200);
}

fn deep_bodies_are_refused(database: Database) {
    let service = Service::start(database);
    let brackets = "[".repeat(4 << 20);
    let objects = "{\"a\":".repeat(800_000);
    let wrapped =
        format!("{{\"attributes\":{{\"a\":{}{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [brackets.as_str(), &objects[..4_000_000]] {
        for path in [path().as_str(), "/v1/traces"] {
            service.raw_post(path, JSON, body.as_bytes()).problem_4xx();
        }
    }
    service.raw_post(&path(), JSON, wrapped.as_bytes()).problem_4xx();
    // OTLP passes over fields that it does not know, however deep.
    let answer = service.raw_post("/v1/traces", JSON, wrapped.as_bytes());
    assert!(answer.status < 500, "{answer:?}");
    service.key().ingest(&bodies::event("after")).expect(200);
}

fn compressed_bombs_are_refused(database: Database) {
    let service = Service::start(database);
    // 256 MB in 256 KB, and the same once more compressed.
    let bomb = bodies::bomb(256);
    service.raw_post(&path(), ZIPPED, &bomb).problem(413);
    service
        .raw_post(
            "/v1/traces",
            "content-type: application/x-protobuf\r\ncontent-encoding: gzip\r\n",
            &bomb,
        )
        .problem(413);
    service.raw_post(&path(), ZIPPED, &bodies::gzip(&bomb)).problem_4xx();
    service
        .raw_post(
            &path(),
            "content-type: application/json\r\ncontent-encoding: gzip, gzip\r\n",
            &bodies::gzip(&bomb),
        )
        .problem_4xx();
    service.key().ingest(&bodies::event("after")).expect(200);
}

/// Eight bombs at once, 2 GB each when unpacked, cost a few megabytes.
fn memory_stays_small(database: Database) {
    let service = Service::start(database);
    let bomb = bodies::bomb(2048);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| service.raw_post(&path(), ZIPPED, &bomb).problem(413));
        }
    });
    let peak = service.peak_memory();
    assert!(peak < 300 << 20, "{} MiB", peak >> 20);
    service.key().ingest(&bodies::event("after")).expect(200);
}
