//! The edge as the service wears it: each layer has its own tests in `hardening`; here is shown that
//! it is on, and told the right things. None of it asks which database there is.

use serde_json::json;
use tests::{ADMIN, Answer, Client, Database, KEY, PASSWORD, PROJECT, Service};

const SESSIONS: &str = "/api/v1/sessions";
const CURRENT: &str = "/api/v1/sessions/current";

fn with(name: &str, value: &str) -> Service {
    Service::builder(Database::sqlite()).env(name, value).start()
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.header(name).unwrap_or_default()
}

#[test]
fn every_answer_wears_the_headers() {
    let service = with("RESEARCHFLOW_TLS_TERMINATED", "true");
    let key = service.key();
    for (path, status) in
        [("/", 200), (PROJECT, 200), ("/health", 200), ("/style.css", 200), ("/nothing", 404)]
    {
        let answer = key.get(path);
        answer.expect_status(status);
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&answer, "referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "same-origin", "{path}");
        let forever = "max-age=63072000; includeSubDomains; preload";
        assert_eq!(header(&answer, "strict-transport-security"), forever, "{path}");
        let policy = header(&answer, "content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(answer.header("server").is_none(), "{path}");
    }
    let page = key.get("/");
    for part in ["object-src 'none'", "base-uri 'none'", "script-src 'nonce-"] {
        assert!(header(&page, "content-security-policy").contains(part), "{page:?}");
    }
    assert_eq!(header(&key.get(PROJECT), "cache-control"), "no-store");
}

#[test]
fn a_session_cookie_belongs_to_this_host() {
    let service = with("RESEARCHFLOW_TLS_TERMINATED", "true");
    let body = json!({"email": ADMIN, "password": PASSWORD});
    let answer = service.nobody().post(SESSIONS, &body);
    answer.expect(201);
    let cookie = header(&answer, "set-cookie");
    assert!(cookie.starts_with("__Host-researchflow_session="), "{cookie}");
    let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
    for wanted in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(attributes.contains(&wanted), "{cookie}");
    }
    assert!(!cookie.to_ascii_lowercase().contains("domain"), "{cookie}");
    // The name that any other host could set is not looked at.
    let value = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(value.len() == 64 && value.chars().all(|c| c.is_ascii_hexdigit()), "256 bits");
    let renamed = service.nobody().with("cookie", &format!("researchflow_session={value}"));
    renamed.get(CURRENT).problem(401);
}

#[test]
fn another_sites_page_is_refused() {
    let service = Service::start(Database::sqlite());
    let cookie = service.admin().cookie();
    let browser = service.nobody().with("cookie", &cookie);
    let foreign = [("origin", "https://evil.example")];
    for fields in
        [&foreign, &[("sec-fetch-site", "cross-site")], &[("sec-fetch-site", "same-site")]]
    {
        let refused = browser.send("DELETE", CURRENT, fields, None).problem(403);
        assert_eq!(refused["type"], "/problems/cross-site");
    }
    browser.get(CURRENT).expect(200);
    // What needs no preflight is no JSON, and goes nowhere.
    let form = [("content-type", "text/plain"), foreign[0]];
    let body = json!({"email": ADMIN, "password": PASSWORD}).to_string();
    service.nobody().post_bytes(SESSIONS, &form, body.as_bytes()).problem(415);
}

#[test]
fn only_listed_origins_may_read() {
    let ours = "https://console.example.org";
    let service = with("RESEARCHFLOW_CORS_ORIGINS", ours);
    let ask = |origin: &str| service.key().send("GET", PROJECT, &[("origin", origin)], None);
    let answer = ask(ours);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ours));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    for other in ["https://evil.example", "null", "https://console.example.org.evil.example"] {
        assert_eq!(ask(other).header("access-control-allow-origin"), None, "{other}");
    }
}

#[test]
fn a_flood_is_held_back() {
    let service = with("RESEARCHFLOW_RATE_LIMITS", "api=10/3600,auth=3/3600");
    let key = service.key();
    let answers: Vec<Answer> = (0..30).map(|_| key.get(PROJECT)).collect();
    let passed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(passed, 10);
    for refused in answers.iter().skip(passed) {
        refused.problem(429);
        assert_eq!(header(refused, "ratelimit-policy"), "\"api\";q=10;w=3600");
        assert!(header(refused, "ratelimit").starts_with("\"api\";r=0;t="));
        assert!(header(refused, "retry-after").parse::<u64>().unwrap() > 0);
    }
    service.nobody().get("/health").expect(200);

    let sign_in =
        || service.nobody().post(SESSIONS, &json!({"email": ADMIN, "password": PASSWORD})).status;
    assert_eq!([(); 4].map(|()| sign_in()), [201, 201, 201, 429]);
}

/// The address that a session is said to have begun from, when its request told another.
fn address_of_a_session(service: &Service) -> String {
    let body = json!({"email": ADMIN, "password": PASSWORD}).to_string();
    let fields = [
        ("content-type", "application/json"),
        ("x-forwarded-for", "198.51.100.9, 192.0.2.7"),
        ("forwarded", "for=203.0.113.1"),
    ];
    let answer = service.nobody().post_bytes(SESSIONS, &fields, body.as_bytes());
    answer.expect(201);
    let client = service.nobody().with("cookie", &answer.cookie().unwrap());
    client.get(SESSIONS).expect(200)["items"][0]["address"].as_str().unwrap().to_owned()
}

#[test]
fn an_address_is_believed_from_a_proxy_alone() {
    let alone = Service::start(Database::sqlite());
    assert_eq!(address_of_a_session(&alone), "127.0.0.1");
    for trusted in ["1", "127.0.0.0/8"] {
        let behind = with("RESEARCHFLOW_TRUSTED_PROXIES", trusted);
        assert_eq!(address_of_a_session(&behind), "192.0.2.7", "{trusted}");
    }
}

fn raw(service: &Service, line: &str) -> Answer {
    service.raw(format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
}

#[test]
fn what_is_not_offered_is_not_there() {
    let service = Service::start(Database::sqlite());
    let lines = [
        "TRACE /",
        "TRACE /api/v1/projects",
        "CONNECT /",
        "CONNECT x:80",
        "PROPFIND /",
        "OPTIONS *",
    ];
    for line in lines {
        let answer = raw(&service, line);
        assert!([404, 405].contains(&answer.status), "{line}: {}", answer.status);
        answer.problem(answer.status);
    }
    for path in
        ["/.git/config", "/.env", "/../data/researchflow.db", "/%2e%2e/data/ledger.key", "/api/v1/"]
    {
        assert_eq!(raw(&service, &format!("GET {path}")).status, 404, "{path}");
    }
    // A credential in an address would end in somebody's log.
    let nobody: Client = service.nobody();
    for name in ["api_key", "key", "token", "access_token"] {
        nobody.get(&format!("{PROJECT}?{name}={KEY}")).problem(401);
    }
}

#[test]
fn a_download_has_a_name_of_ours() {
    let service = Service::start(Database::sqlite());
    let (key, admin) = (service.key(), service.admin());
    let export = format!("{PROJECT}/invocations/export?format=");
    for (answer, name) in [
        (key.get(&format!("{export}csv")), "invocations.csv"),
        (key.get(&format!("{export}ndjson")), "invocations.ndjson"),
        (admin.get("/api/v1/audit/export"), "audit.ndjson"),
    ] {
        answer.expect_status(200);
        let wanted = format!("attachment; filename=\"{name}\"");
        assert_eq!(header(&answer, "content-disposition"), wanted);
    }
    key.get(&format!("{export}csv&filename=x.html")).problem_at(422, "/filename");
}
