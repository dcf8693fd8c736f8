//! No other site's page acts in a user's name.

use serde_json::json;
use tests::{Answer, Client, Database, Service, both};

both!(
    a_page_of_another_site_changes_nothing,
    a_page_of_another_site_ends_no_session,
    older_browsers_are_known_by_origin,
    a_key_is_nothing_that_a_browser_adds
);

const CURRENT: &str = "/api/v1/sessions/current";
const PROJECTS: &str = "/api/v1/projects";

/// A browser with the administrator's cookie, on a page of whichever site the fields say.
fn browser(service: &Service) -> Client {
    service.nobody().with("cookie", &service.admin().cookie())
}

fn make_project(client: &Client, slug: &str, fields: &[(&str, &str)]) -> Answer {
    let body = json!({"name": slug, "slug": slug}).to_string();
    let fields = [&[("content-type", "application/json")], fields].concat();
    client.post_bytes(PROJECTS, &fields, body.as_bytes())
}

fn projects(service: &Service) -> usize {
    service.database().count("SELECT count(*) FROM projects")
}

#[track_caller]
fn is_cross_site(answer: &Answer) {
    let problem = answer.problem(403);
    assert!(problem["type"].as_str().unwrap().ends_with("cross-site"), "{problem}");
}

fn a_page_of_another_site_changes_nothing(database: Database) {
    let service = Service::start(database);
    let browser = browser(&service);
    let before = projects(&service);
    for site in ["cross-site", "same-site", "CROSS-SITE", "", "nonsense", "same-origin, none"] {
        let site = [("sec-fetch-site", site)];
        is_cross_site(&make_project(&browser, "theirs", &site));
        is_cross_site(&browser.send("DELETE", "/api/v1/projects/default", &site, None));
        // Reading changes nothing, and CORS keeps what is read from the page.
        browser.send("GET", PROJECTS, &site, None).expect(200);
    }
    let own_origin = service.base();
    let lying = [("sec-fetch-site", "cross-site"), ("origin", &*own_origin)];
    is_cross_site(&make_project(&browser, "theirs", &lying));
    assert_eq!(projects(&service), before);
    browser.get("/api/v1/projects/default").expect(200);
    for (slug, site) in [("mine", "same-origin"), ("typed", "none")] {
        make_project(&browser, slug, &[("sec-fetch-site", site)]).expect(201);
    }
    assert_eq!(projects(&service), before + 2);
}

fn a_page_of_another_site_ends_no_session(database: Database) {
    let service = Service::start(database);
    let browser = browser(&service);
    for site in ["cross-site", "same-site"] {
        let site = [("sec-fetch-site", site)];
        is_cross_site(&browser.send("DELETE", CURRENT, &site, None));
        browser.get(CURRENT).expect(200);
    }
    let own = [("sec-fetch-site", "same-origin")];
    assert!(browser.send("DELETE", CURRENT, &own, None).status < 300);
    browser.get(CURRENT).problem(401);
}

fn older_browsers_are_known_by_origin(database: Database) {
    let service = Service::start(database);
    let browser = browser(&service);
    let before = projects(&service);
    let other_port = "http://127.0.0.1:1";
    for origin in ["https://evil.example", "null", "", other_port, "http://127.0.0.1.evil.example"]
    {
        is_cross_site(&make_project(&browser, "theirs", &[("origin", origin)]));
    }
    assert_eq!(projects(&service), before);
    make_project(&browser, "mine", &[("origin", &service.base())]).expect(201);
    // Neither field: no browser since 2020.
    make_project(&browser, "program", &[]).expect(201);
}

fn a_key_is_nothing_that_a_browser_adds(database: Database) {
    let service = Service::start(database);
    for (n, fields) in [
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        [("sec-fetch-site", "same-site"), ("origin", "null")],
    ]
    .iter()
    .enumerate()
    {
        let body = tests::bodies::event(&format!("event-{n}")).to_string();
        let fields = [&[("content-type", "application/json")], fields.as_slice()].concat();
        let path = format!("{}/invocations", tests::PROJECT);
        service.key().post_bytes(&path, &fields, body.as_bytes()).expect(200);
    }
}
