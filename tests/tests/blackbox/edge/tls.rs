//! The service speaks TLS itself: which versions, which protocols, and what browsers then get.

use serde_json::json;
use tests::{ADMIN, Curl, Database, PASSWORD, Service};

/// A service with the certificate that it makes for a developer's machine.
fn service(more: &[(&str, &str)]) -> Service {
    let builder = Service::builder(Database::sqlite()).env("RESEARCHFLOW_TLS", "true");
    more.iter().fold(builder, |builder, (name, value)| builder.env(name, value)).start()
}

fn curl(service: &Service) -> Curl {
    let certificate = service.database().data_dir().join("development-cert.pem");
    Curl::https(service.address(), &certificate)
}

#[test]
fn a_developer_has_https_without_a_certificate() {
    let mut service = service(&[]);
    for (wish, version) in
        [("--http1.1", "HTTP/1.1"), ("--http2", "HTTP/2"), ("--tlsv1.3", "HTTP/2")]
    {
        for path in ["/", "/health", "/nowhere"] {
            let curled = curl(&service).ask(path, &[wish]).unwrap();
            assert_eq!(curled.version, version, "{wish} {path}");
            let hsts = curled.answer.header("strict-transport-security");
            assert!(hsts.is_some_and(|it| it.starts_with("max-age=")), "{wish} {path}");
            assert_eq!(curled.answer.header("server"), None, "{wish} {path}");
        }
    }
    // Whoever trusts it need not do so again.
    let shown = std::fs::read(service.database().data_dir().join("development-cert.pem")).unwrap();
    service.restart();
    let kept = std::fs::read(service.database().data_dir().join("development-cert.pem")).unwrap();
    assert_eq!(shown, kept);
    curl(&service).ask("/health", &[]).unwrap().answer.expect(200);
}

#[test]
fn plain_http_is_not_spoken_beside_it() {
    let service = service(&[]);
    Curl::http(service.address()).ask("/health", &["--http1.1"]).unwrap_err();
}

#[test]
fn the_cookie_belongs_to_this_host_by_https_alone() {
    let service = service(&[]);
    let body = json!({"email": ADMIN, "password": PASSWORD}).to_string();
    let json = ["--header", "content-type: application/json"];
    let sign_in = [&["--data", &*body], &json[..]].concat();
    let signed_in = curl(&service).ask("/api/v1/sessions", &sign_in).unwrap().answer;
    signed_in.expect(201);
    let cookie = signed_in.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let cookie = signed_in.cookie().unwrap();
    let current = |version: &str| {
        let arguments = [version, "--header", &format!("cookie: {cookie}")];
        curl(&service).ask("/api/v1/sessions/current", &arguments).unwrap().answer.expect(200)
    };
    assert_eq!(current("--http2"), current("--http1.1"));
}

#[test]
fn versions_that_are_too_old_are_refused() {
    let only = |version: &'static str, most: &'static str| [version, "--tls-max", most];
    let default = service(&[]);
    curl(&default).ask("/health", &only("--tlsv1.2", "1.2")).unwrap().answer.expect(200);
    curl(&default).ask("/health", &only("--tlsv1.3", "1.3")).unwrap().answer.expect(200);
    curl(&default).ask("/health", &only("--tlsv1.1", "1.1")).unwrap_err();
    let strict = service(&[("RESEARCHFLOW_TLS_MIN", "1.3")]);
    curl(&strict).ask("/health", &only("--tlsv1.3", "1.3")).unwrap().answer.expect(200);
    curl(&strict).ask("/health", &only("--tlsv1.2", "1.2")).unwrap_err();
}

#[test]
fn http_2_needs_no_tls_on_this_machine() {
    let service = Service::start(Database::sqlite());
    let curl = Curl::http(service.address());
    for (wish, version) in [("--http2-prior-knowledge", "HTTP/2"), ("--http1.1", "HTTP/1.1")] {
        let curled = curl.ask("/health", &[wish]).unwrap();
        assert_eq!(curled.version, version);
        curled.answer.expect(200);
        assert_eq!(curled.answer.header("strict-transport-security"), None, "{wish}");
    }
}

/// curl 7.88, of Debian 12, takes a stream that is reset before it has sent all for a failure.
#[test]
fn a_refusal_over_http_2_arrives() {
    let service = service(&[]);
    let large = "x".repeat(3 << 20);
    let body = service.database().folder().join("body");
    std::fs::write(&body, large).unwrap();
    let body = format!("@{}", body.display());
    let text = ["--header", "content-type: text/plain"];
    let json = ["--header", "content-type: application/json"];
    for (path, status, arguments) in [
        ("/health", 405, &["--data", "{}"][..]),
        ("/nowhere", 404, &["--data", "{}"]),
        ("/api/v1/projects", 401, &["--data", "{}"]),
        ("/api/v1/sessions", 415, &[&text[..], &["--data", "{}"]].concat()),
        ("/api/v1/sessions", 413, &[&json[..], &["--data-binary", &*body]].concat()),
    ] {
        for _ in 0..5 {
            curl(&service).ask(path, arguments).unwrap().answer.problem(status);
        }
    }
}

#[test]
fn the_health_check_speaks_what_the_service_speaks() {
    let certificate = |service: &Service| {
        service.database().data_dir().join("development-cert.pem").display().to_string()
    };
    let plain = Service::start(Database::sqlite());
    let encrypted = service(&[]);
    let trusted = service(&[("RESEARCHFLOW_TLS_MIN", "1.3")]);
    // Any certificate will do for those who vouch for clients: nobody shows one.
    let strict = Service::builder(Database::sqlite())
        .env("RESEARCHFLOW_TLS", "true")
        .env("RESEARCHFLOW_TLS_CLIENT_CA", &certificate(&trusted))
        .start();
    for service in [&plain, &encrypted, &trusted, &strict] {
        let healthy = service.researchflow(&["healthcheck"]);
        assert_eq!(healthy.code, 0, "{healthy:?}");
    }
    let foreign = ["healthcheck", "--tls", "--listen", "192.0.2.1:443"];
    let foreign = encrypted.researchflow(&foreign);
    assert_eq!(foreign.code, 1);
    assert!(foreign.complaint.contains("is not of this machine"), "{foreign:?}");
    let mut gone = encrypted;
    gone.kill();
    assert_eq!(gone.researchflow(&["healthcheck"]).code, 1);
}
