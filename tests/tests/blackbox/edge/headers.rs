//! What every answer says to browsers, whoever made it.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read;
use tests::{ADMIN, Answer, Database, PASSWORD, PROJECT, Service};

const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// The fields that are the same on every answer.
#[track_caller]
fn is_hardened(answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-xss-protection", "0"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        let found: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert_eq!(found, [value], "{}: {name}", answer.request);
    }
    let permissions = answer.header("permissions-policy").expect("a Permissions-Policy");
    for feature in ["camera", "geolocation", "microphone", "payment", "usb"] {
        assert!(
            permissions.contains(&format!("{feature}=()")),
            "{}: {permissions}",
            answer.request
        );
    }
    for name in ["server", "x-powered-by"] {
        assert_eq!(answer.header(name), None, "{}", answer.request);
    }
    assert!(answer.header("x-request-id").is_some(), "{}", answer.request);
    assert_eq!(answer.headers.get_all("content-security-policy").iter().count(), 1);
}

/// Nothing may be loaded because of this answer.
#[track_caller]
fn is_data(answer: &Answer) {
    is_hardened(answer);
    assert_eq!(answer.header("content-security-policy"), Some(NOTHING), "{}", answer.request);
}

/// The nonces that stand in a page's policy.
fn nonces(answer: &Answer) -> BTreeSet<String> {
    let policy = answer.header("content-security-policy").expect("a policy");
    let nonces = policy.split("'nonce-").skip(1).filter_map(|rest| rest.split('\'').next());
    nonces.map(str::to_owned).collect()
}

#[test]
fn every_class_of_answer_is_hardened() {
    let service = Service::start(Database::sqlite());
    let (nobody, key) = (service.nobody(), service.key());
    let text = [("content-type", "text/plain")];
    let json = [("content-type", "application/json")];
    let report = [("content-type", "application/csp-report")];
    let violation = json!({"csp-report": {"effective-directive": "img-src"}}).to_string();
    for (status, answer) in [
        (200, nobody.get("/health")),
        (200, nobody.get("/metrics")),
        (200, nobody.get("/style.css")),
        (200, key.get(PROJECT)),
        (201, nobody.post("/api/v1/sessions", &json!({"email": ADMIN, "password": PASSWORD}))),
        (204, nobody.post_bytes("/csp-reports", &report, violation.as_bytes())),
        (400, nobody.post_bytes("/csp-reports", &report, b"{")),
        (400, nobody.post_bytes("/api/v1/sessions", &json, b"{")),
        (401, nobody.get(PROJECT)),
        (404, nobody.get("/nowhere")),
        (404, key.get("/api/v1/nowhere")),
        (404, key.get("/api/v1/projects/nowhere")),
        (405, nobody.delete("/health")),
        (405, key.delete("/api/v1/projects")),
        (415, nobody.post_bytes("/api/v1/sessions", &text, b"{}")),
        (422, key.post(&format!("{PROJECT}/keys"), &json!({"name": "x", "scopes": []}))),
    ] {
        answer.expect_status(status);
        is_data(&answer);
        if status >= 400 {
            answer.problem(status);
        }
    }
}

#[test]
fn a_refusal_by_a_quota_is_hardened() {
    let builder = Service::builder(Database::sqlite());
    let service = builder.env("RESEARCHFLOW_RATE_LIMITS", "api=1/36000").start();
    service.nobody().get("/").expect_status(200);
    let refused = service.nobody().get("/");
    refused.problem(429);
    is_data(&refused);
}

#[test]
fn a_page_has_a_nonce_that_is_new_each_time() {
    let service = Service::start(Database::sqlite());
    let mut seen = BTreeSet::new();
    for path in ["/", "/", "/", "/api/v1/docs"] {
        let page = service.nobody().get(path);
        page.expect_status(200);
        is_hardened(&page);
        let policy = page.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "'strict-dynamic'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "report-uri /csp-reports",
        ] {
            assert!(policy.contains(rule), "{path}: {rule}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(page.header("reporting-endpoints"), Some("csp=\"/csp-reports\""));
        let nonces = nonces(&page);
        assert_eq!(nonces.len(), 1, "{path}: {policy}");
        assert!(nonces.iter().all(|nonce| nonce.len() >= 22), "{path}: {policy}");
        assert!(seen.is_disjoint(&nonces), "{path}: {policy}");
        seen.extend(nonces);
    }
}

#[test]
fn browsers_are_told_to_come_by_https_where_that_is_possible() {
    const HSTS: &str = "strict-transport-security";
    let plain = Service::start(Database::sqlite());
    let builder = Service::builder(Database::sqlite());
    let behind = builder.env("RESEARCHFLOW_TLS_TERMINATED", "true").start();
    for path in ["/", "/health", "/nowhere", PROJECT] {
        assert_eq!(plain.nobody().get(path).header(HSTS), None, "{path}");
        let answer = behind.nobody().get(path);
        let seconds = answer.header(HSTS).and_then(|value| {
            value.split(';').next()?.strip_prefix("max-age=")?.parse::<u64>().ok()
        });
        assert!(seconds.is_some_and(|it| it >= 31_536_000), "{path}: {answer:?}");
    }
    let body = json!({"email": ADMIN, "password": PASSWORD});
    let signed_in = behind.nobody().post("/api/v1/sessions", &body);
    let cookie = signed_in.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
}

#[test]
fn large_text_is_compressed_as_the_client_likes() {
    const DOCUMENT: &str = "/api/v1/openapi.json";
    let service = Service::start(Database::sqlite());
    let ask = |accepted: &str| {
        let answer = service.nobody().with("accept-encoding", accepted).get(DOCUMENT);
        answer.expect_status(200);
        let varies: Vec<_> = answer.headers.get_all("vary").iter().collect();
        let varies = varies
            .iter()
            .any(|value| value.to_str().unwrap().to_ascii_lowercase().contains("accept-encoding"));
        assert!(varies, "{accepted}: {:?}", answer.headers);
        answer
    };
    let plain = ask("identity");
    assert_eq!(plain.header("content-encoding"), None);
    plain.expect(200);
    for encoding in ["br", "zstd", "gzip"] {
        let answer = ask(encoding);
        assert_eq!(answer.header("content-encoding"), Some(encoding));
        assert!(answer.body.len() * 2 < plain.body.len(), "{encoding}: {}", answer.body.len());
        is_data(&answer);
    }
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*ask("gzip").body).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert_eq!(ask("br;q=0.5, gzip;q=0.9").header("content-encoding"), Some("gzip"));
    assert_eq!(ask("rot13").header("content-encoding"), None);
}

/// Be it that they are marked, that they set a cookie, or only that they are small.
#[test]
fn an_answer_with_a_secret_is_never_compressed() {
    let service = Service::start(Database::sqlite());
    let post = |path: &str, body: &Value| {
        let fields = [("content-type", "application/json"), ("accept-encoding", "br, zstd, gzip")];
        service.key().post_bytes(path, &fields, body.to_string().as_bytes())
    };
    let key = json!({"name": "n".repeat(100), "scopes": ["read", "ingest", "manage"]});
    let made = post(&format!("{PROJECT}/keys"), &key);
    made.expect(201);
    let body = json!({"email": ADMIN, "password": PASSWORD});
    let signed_in = post("/api/v1/sessions", &body);
    signed_in.expect(201);
    for answer in [made, signed_in] {
        assert_eq!(answer.header("content-encoding"), None, "{}", answer.request);
    }
}
