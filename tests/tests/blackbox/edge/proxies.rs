//! Where a request comes from is what the connection says, and the proxies that are trusted.

use super::flood::is_refused;
use tests::{Answer, Database, Service};

/// Five requests for an address, and then hardly any more.
fn service(proxies: &str) -> Service {
    let builder = Service::builder(Database::sqlite());
    let builder = builder.env("RESEARCHFLOW_RATE_LIMITS", "api=5/36000");
    builder.env("RESEARCHFLOW_TRUSTED_PROXIES", proxies).start()
}

fn from(service: &Service, forwarded: &str) -> Answer {
    service.nobody().with("x-forwarded-for", forwarded).get("/")
}

#[test]
fn nobody_is_believed_by_default() {
    let service = service("");
    for n in 0..5 {
        from(&service, &format!("192.0.2.{n}")).expect_status(200);
    }
    is_refused(&from(&service, "192.0.2.6"), 7200);
    is_refused(&service.nobody().get("/"), 7200);
}

#[test]
fn a_trusted_proxy_is_believed_and_nobody_behind_it() {
    let service = service("1");
    for n in 0..9 {
        from(&service, &format!("192.0.2.{n}")).expect_status(200);
    }
    for n in 0..5 {
        from(&service, &format!("192.0.2.{n}, 198.51.100.1")).expect_status(200);
    }
    is_refused(&from(&service, "192.0.2.7, 198.51.100.1"), 7200);
    // The proxy's own requests count on itself.
    service.nobody().get("/").expect_status(200);
}

#[test]
fn a_proxy_outside_the_trusted_networks_is_not_believed() {
    let service = service("10.0.0.0/8");
    for n in 0..5 {
        from(&service, &format!("192.0.2.{n}")).expect_status(200);
    }
    is_refused(&from(&service, "192.0.2.6"), 7200);
}

#[test]
fn proxies_that_cannot_be_read_stop_the_start() {
    let builder = Service::builder(Database::sqlite());
    let refused = builder.env("RESEARCHFLOW_TRUSTED_PROXIES", "10.0.0.0/33").refused();
    assert_ne!(refused.code, 0);
    let named =
        |line: &str| line.contains("RESEARCHFLOW_TRUSTED_PROXIES") && line.contains("10.0.0.0/33");
    assert!(refused.complaint.lines().any(named), "{refused:?}");
}
