//! Pages of other origins: those on the list may read, with a key of their own, and never with the
//! console's cookie.

use tests::{Answer, Client, Database, PROJECT, Service};

const LISTED: &str = "https://console.example.org";
const ALSO_LISTED: &str = "https://other.example.org:8443";
const FOREIGN: [&str; 6] = [
    "https://evil.example",
    "https://console.example.org.evil.example",
    "https://console.example.org:444",
    "http://console.example.org",
    "https://CONSOLE.example.org",
    "null",
];

fn service() -> Service {
    let origins = format!("{LISTED}, {ALSO_LISTED}");
    let builder = Service::builder(Database::sqlite());
    builder.env("RESEARCHFLOW_CORS_ORIGINS", &origins).start()
}

fn cors_fields(answer: &Answer) -> Vec<&str> {
    let names = answer.headers.keys().map(ureq::http::HeaderName::as_str);
    names.filter(|name| name.starts_with("access-control-")).collect()
}

fn varies_by_origin(answer: &Answer) -> bool {
    let values = answer.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("origin"))
}

fn get(client: &Client, path: &str, origin: &str) -> Answer {
    client.send("GET", path, &[("origin", origin)], None)
}

fn preflight(client: &Client, origin: &str) -> Answer {
    let fields = [
        ("origin", origin),
        ("access-control-request-method", "DELETE"),
        ("access-control-request-headers", "authorization"),
    ];
    client.send("OPTIONS", PROJECT, &fields, None)
}

#[test]
fn a_listed_origin_may_read_and_sees_only_itself() {
    let service = service();
    for origin in [LISTED, ALSO_LISTED] {
        for (status, path) in [(200, PROJECT), (404, "/nowhere"), (200, "/health")] {
            let answer = get(&service.key(), path, origin);
            answer.expect_status(status);
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
            let exposed = answer.header("access-control-expose-headers").unwrap();
            for name in ["x-request-id", "ratelimit", "ratelimit-policy", "retry-after"] {
                assert!(exposed.split(", ").any(|it| it == name), "{path}: {exposed}");
            }
            assert!(varies_by_origin(&answer), "{path}");
        }
    }
}

#[test]
fn no_other_origin_gets_a_word() {
    let (listing, bare) = (service(), Service::start(Database::sqlite()));
    for origin in FOREIGN {
        let answer = get(&listing.key(), PROJECT, origin);
        answer.expect(200);
        assert_eq!(cors_fields(&answer), [""; 0], "{origin}");
        assert!(varies_by_origin(&answer), "{origin}");
        assert_eq!(cors_fields(&preflight(&listing.nobody(), origin)), [""; 0], "{origin}");
    }
    // By default there is no list.
    for origin in FOREIGN.into_iter().chain([LISTED]) {
        assert_eq!(cors_fields(&get(&bare.key(), PROJECT, origin)), [""; 0], "{origin}");
        assert_eq!(cors_fields(&preflight(&bare.nobody(), origin)), [""; 0], "{origin}");
    }
}

#[test]
fn a_preflight_is_answered_before_anybody_is_asked_for_a_key() {
    let service = service();
    let answer = preflight(&service.nobody(), LISTED);
    answer.expect_status(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("access-control-max-age"), Some("7200"));
    let methods = answer.header("access-control-allow-methods").unwrap();
    assert_eq!(methods, "PUT, PATCH, DELETE");
    let headers = answer.header("access-control-allow-headers").unwrap();
    for name in ["authorization", "content-type", "idempotency-key", "x-api-key", "x-request-id"] {
        assert!(headers.split(", ").any(|it| it == name), "{headers}");
    }
}

#[test]
fn an_origin_that_cannot_be_stops_the_start() {
    for origin in ["*", "console.example.org", "https://console.example.org/path"] {
        let builder = Service::builder(Database::sqlite());
        let refused = builder.env("RESEARCHFLOW_CORS_ORIGINS", origin).refused();
        assert_ne!(refused.code, 0, "{origin}");
        assert!(refused.complaint.contains("RESEARCHFLOW_CORS_ORIGINS"), "{origin}: {refused:?}");
    }
}
