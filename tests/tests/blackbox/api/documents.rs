//! What the service says about itself: the OpenAPI document, its page, the schemas, the first page.

use tests::{Database, Service, both};

both!(the_document_knows_every_route, schemas_are_published, pages_are_html);

const ROUTES: [&str; 20] = [
    "post /api/v1/sessions",
    "get /api/v1/sessions/current",
    "delete /api/v1/sessions/current",
    "get /api/v1/projects",
    "post /api/v1/projects",
    "patch /api/v1/projects/{project}",
    "delete /api/v1/projects/{project}",
    "put /api/v1/projects/{project}/members",
    "post /api/v1/projects/{project}/keys",
    "post /api/v1/projects/{project}/invocations",
    "get /api/v1/projects/{project}/invocations",
    "get /api/v1/projects/{project}/invocations/{event}",
    "get /api/v1/projects/{project}/invocations/export",
    "get /api/v1/projects/{project}/runs",
    "get /api/v1/projects/{project}/runs/{run}",
    "get /api/v1/projects/{project}/costs",
    "post /api/v1/projects/{project}/reports",
    "get /api/v1/projects/{project}/reports/{report}",
    "post /v1/traces",
    "get /health",
];

fn the_document_knows_every_route(database: Database) {
    let service = Service::start(database);
    let document = service.nobody().get("/api/v1/openapi.json").expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    for route in ROUTES {
        let (method, path) = route.split_once(' ').unwrap();
        let responses = &document["paths"][path][method]["responses"];
        assert!(
            responses.as_object().is_some_and(|them| !them.is_empty()),
            "{route} is not described"
        );
    }
    let mut operations: Vec<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    let all = operations.len();
    operations.sort_unstable();
    operations.dedup();
    assert_eq!(operations.len(), all, "operation ids are unique");
    references(&document, &document);

    let printed = service.database().researchflow(&["openapi"]);
    assert_eq!(printed.code, 0);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&printed.text).unwrap(), document);
}

/// Every `$ref` leads somewhere.
fn references(document: &serde_json::Value, node: &serde_json::Value) {
    match node {
        serde_json::Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(|it| it.as_str()) {
                let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference}"));
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|field| references(document, field));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| references(document, item)),
        _ => {}
    }
}

fn schemas_are_published(database: Database) {
    let service = Service::start(database);
    for name in ["ai_invocation_event", "transparency_report"] {
        let schema = service.nobody().get(&format!("/api/v1/schemas/{name}.json")).expect(200);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    }
    service.nobody().get("/api/v1/schemas/nothing.json").problem(404);
}

fn pages_are_html(database: Database) {
    let service = Service::start(database);
    for path in ["/api/v1/docs", "/"] {
        let page = service.nobody().get(path);
        page.expect_status(200);
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{path}");
    }
}
