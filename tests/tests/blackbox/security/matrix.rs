//! The authorization matrix: every route of the OpenAPI document × every kind of caller. A route
//! without a row here fails the test (OWASP ASVS 5.0 8.2, API Security Top 10 API1 and API5).
//!
//! A caller who may do something meets an answer that is not about who they are: paths name things
//! that are not there, so that nothing is changed by those who may.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::{Answer, Client, Database, Service, bodies, both};

both!(nobody_does_what_is_not_theirs);

/// Who may call a route.
#[derive(Clone, Copy)]
enum Rule {
    /// Everybody.
    Public,
    /// Users, not keys.
    User,
    /// Users, and keys with this scope.
    UserOrKey(&'static str),
    /// Administrators of the whole service.
    Administrator,
    /// Administrators, and keys with this scope for their own project.
    AdministratorOrKey(&'static str),
    /// In the project of the path: a user with this role or a higher one, a key with this scope.
    Project(&'static str, Option<&'static str>),
    /// Keys with this scope, in their own project.
    Key(&'static str),
}

use Rule::{Administrator, AdministratorOrKey, Key, Project, Public, User, UserOrKey};

const MATRIX: [(&str, Rule); 55] = [
    ("POST /api/public/otel/v1/traces", Key("ingest")),
    ("POST /v1/traces", Key("ingest")),
    ("GET /api/v1/alerts", Administrator),
    ("GET /api/v1/telemetry/export", Administrator),
    ("GET /api/v1/audit", AdministratorOrKey("manage")),
    ("GET /api/v1/audit/export", AdministratorOrKey("manage")),
    ("GET /api/v1/auth/oidc", Public),
    ("GET /api/v1/auth/oidc/callback", Public),
    ("GET /api/v1/insights/stream", Administrator),
    ("GET /api/v1/insights/stream/replay", Key("read")),
    ("GET /api/v1/insights/dead-letters", Administrator),
    ("DELETE /api/v1/insights/dead-letters/{index}", Administrator),
    ("POST /api/v1/insights/dead-letters/{index}/retry", Administrator),
    ("GET /api/v1/projects", UserOrKey("read")),
    ("POST /api/v1/projects", Administrator),
    ("GET /api/v1/projects/{project}", Project("viewer", Some("read"))),
    ("DELETE /api/v1/projects/{project}", Project("admin", None)),
    ("PATCH /api/v1/projects/{project}", Project("operator", Some("manage"))),
    ("GET /api/v1/projects/{project}/costs", Project("viewer", Some("read"))),
    ("GET /api/v1/projects/{project}/invocations", Project("viewer", Some("read"))),
    ("POST /api/v1/projects/{project}/invocations", Project("researcher", Some("ingest"))),
    ("GET /api/v1/projects/{project}/invocations/export", Project("researcher", Some("read"))),
    ("GET /api/v1/projects/{project}/invocations/{event}", Project("viewer", Some("read"))),
    ("GET /api/v1/projects/{project}/keys", Project("operator", Some("manage"))),
    ("POST /api/v1/projects/{project}/keys", Project("operator", Some("manage"))),
    ("DELETE /api/v1/projects/{project}/keys/{key_id}", Project("operator", Some("manage"))),
    ("POST /api/v1/projects/{project}/keys/{key_id}/rotate", Project("operator", Some("manage"))),
    ("GET /api/v1/projects/{project}/members", Project("viewer", Some("manage"))),
    ("PUT /api/v1/projects/{project}/members", Project("admin", None)),
    ("DELETE /api/v1/projects/{project}/members/{user}", Project("admin", None)),
    ("GET /api/v1/projects/{project}/reports", Project("viewer", Some("read"))),
    ("POST /api/v1/projects/{project}/reports", Project("researcher", Some("read"))),
    ("GET /api/v1/projects/{project}/reports/{report}", Project("viewer", Some("read"))),
    ("GET /api/v1/projects/{project}/runs", Project("viewer", Some("read"))),
    ("GET /api/v1/projects/{project}/runs/{run}", Project("viewer", Some("read"))),
    ("GET /api/v1/schemas/ai_invocation_event.json", Public),
    ("GET /api/v1/schemas/transparency_report.json", Public),
    ("POST /api/v1/sessions", Public),
    ("GET /health", Public),
    ("GET /ready", Public),
    ("GET /metrics", Public),
    ("GET /ledger/{log}/checkpoint", Public),
    ("GET /ledger/{log}/key", Public),
    ("GET /ledger/{log}/tile/{path}", Public),
    ("GET /api/v1/sessions", User),
    ("DELETE /api/v1/sessions", User),
    ("DELETE /api/v1/sessions/{session}", User),
    ("PUT /api/v1/users/me/password", User),
    ("GET /api/v1/users/me/totp", User),
    ("POST /api/v1/users/me/totp", User),
    ("POST /api/v1/users/me/totp/confirm", User),
    ("POST /api/v1/users/me/totp/recovery-codes", User),
    ("POST /api/v1/users/me/totp/disable", User),
    ("GET /api/v1/sessions/current", User),
    // The last, since it ends the callers' sessions.
    ("DELETE /api/v1/sessions/current", User),
];

const ROLES: [&str; 4] = ["viewer", "researcher", "operator", "admin"];
const SCOPES: [&str; 4] = ["ingest", "read", "gateway", "manage"];

enum Kind {
    /// Without credentials.
    Nobody,
    /// With credentials that do not hold.
    Invalid,
    /// With this role in the project of the path.
    Member(&'static str),
    /// A user of another project.
    Stranger,
    /// An administrator of the service.
    Administrator,
    /// A key of the project with this scope alone.
    Scoped(&'static str),
    /// A key of another project, with every scope.
    Foreign,
}

/// What a caller is to meet.
#[derive(Debug, PartialEq)]
enum Verdict {
    Allowed,
    Unauthenticated,
    Forbidden,
    /// As if the project did not exist.
    Hidden,
}

fn expected(rule: Rule, caller: &Kind) -> Verdict {
    let allow = |allowed| if allowed { Verdict::Allowed } else { Verdict::Forbidden };
    match (rule, caller) {
        (Public, _) => Verdict::Allowed,
        (_, Kind::Nobody | Kind::Invalid) => Verdict::Unauthenticated,
        (User, caller) => allow(!matches!(caller, Kind::Scoped(_) | Kind::Foreign)),
        (AdministratorOrKey(scope) | UserOrKey(scope) | Key(scope), Kind::Scoped(held)) => {
            allow(scope == *held)
        }
        (UserOrKey(_), _) => Verdict::Allowed,
        (AdministratorOrKey(_) | Key(_), Kind::Foreign) => Verdict::Allowed,
        (Key(_), _) => Verdict::Forbidden,
        (Administrator | AdministratorOrKey(_), caller) => {
            allow(matches!(caller, Kind::Administrator))
        }
        (Project(..), Kind::Stranger | Kind::Foreign) => Verdict::Hidden,
        (Project(..), Kind::Administrator) => Verdict::Allowed,
        (Project(least, _), Kind::Member(role)) => {
            let rank = |name: &str| ROLES.iter().position(|role| *role == name);
            allow(rank(role) >= rank(least))
        }
        (Project(_, scope), Kind::Scoped(held)) => allow(scope == Some(held)),
    }
}

fn met(answer: &Answer) -> Verdict {
    match answer.status {
        401 => Verdict::Unauthenticated,
        403 => Verdict::Forbidden,
        404 if answer.text().contains("There is no such project") => Verdict::Hidden,
        _ => Verdict::Allowed,
    }
}

fn nobody_does_what_is_not_theirs(database: Database) {
    let service = Service::start(database);
    let document = service.nobody().get("/api/v1/openapi.json").expect(200);
    let routes: BTreeSet<String> = operations(&document);
    let rows: BTreeSet<String> = MATRIX.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(routes, rows, "the routes of the document, and the rows of the matrix");

    let callers = callers(&service);
    for (route, rule) in MATRIX {
        for (name, kind, client) in &callers {
            // Whether a public route minds credentials that do not hold is its own affair.
            if matches!((rule, kind), (Public, Kind::Invalid)) {
                continue;
            }
            let answer = call(client, route);
            let verdict = met(&answer);
            assert_eq!(verdict, expected(rule, kind), "{route} by {name}: {answer:?}");
            assert!(answer.status < 500, "{route} by {name}: {answer:?}");
            if verdict != Verdict::Allowed {
                answer.problem(answer.status);
            }
        }
    }
}

fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        let path = path.clone();
        methods.into_iter().map(move |method| format!("{} {path}", method.to_uppercase()))
    };
    paths.iter().flat_map(of).collect()
}

fn callers(service: &Service) -> Vec<(String, Kind, Client)> {
    let other = json!({"slug": "other", "name": "Other"});
    service.admin().post("/api/v1/projects", &other).expect(201);
    let stranger = service.user("stranger@researchflow.test", None);
    let member = json!({"email": "stranger@researchflow.test", "role": "admin"});
    service.admin().json("PUT", "/api/v1/projects/other/members", &member).expect(200);
    let every = json!({"name": "foreign", "scopes": SCOPES});
    let foreign = service.admin().post("/api/v1/projects/other/keys", &every).expect(201);
    let foreign = service.nobody().with_key(foreign["key"].as_str().unwrap());

    let (revoked_id, revoked) = service.new_key(&SCOPES);
    service.key().delete(&format!("/api/v1/projects/default/keys/{revoked_id}")).expect_status(204);
    let (expired_id, expired) = service.new_key(&SCOPES);
    let expire = format!("UPDATE api_keys SET expires_at = 1 WHERE id = '{expired_id}'");
    service.database().execute(&expire);

    let invalid = [
        ("a key that never was", service.nobody().with_key(&format!("rf_{}", "a".repeat(60)))),
        ("a session that never was", service.nobody().with("cookie", "researchflow_session=abc")),
        ("a revoked key", revoked),
        ("an expired key", expired),
    ];
    let mut callers: Vec<_> = invalid
        .into_iter()
        .map(|(name, client)| (name.to_owned(), Kind::Invalid, client))
        .collect();
    callers.push(("nobody".to_owned(), Kind::Nobody, service.nobody()));
    for role in ROLES {
        let client = service.user(&format!("the.{role}@researchflow.test"), Some(role));
        callers.push((format!("a member who is {role}"), Kind::Member(role), client));
    }
    for scope in SCOPES {
        let (_, client) = service.new_key(&[scope]);
        callers.push((format!("a key with the scope {scope}"), Kind::Scoped(scope), client));
    }
    callers.push(("an admin of another project".to_owned(), Kind::Stranger, stranger));
    callers.push(("a key of another project".to_owned(), Kind::Foreign, foreign));
    callers.push(("the administrator".to_owned(), Kind::Administrator, service.admin()));
    callers
}

/// Calls a route with a body that is valid, about things that are not there.
fn call(client: &Client, route: &str) -> Answer {
    let (method, path) = route.split_once(' ').unwrap();
    let path = path.replace("{project}", "default").replace("{log}", "audit");
    let path = path.replace("{path}", "0/000").replace('{', "absent-").replace('}', "");
    let body = match route {
        "POST /v1/traces" | "POST /api/public/otel/v1/traces" => json!({"resourceSpans": []}),
        "POST /api/v1/projects/{project}/invocations" => bodies::event("by-matrix"),
        "POST /api/v1/projects/{project}/keys" => json!({"name": "k", "scopes": ["manage"]}),
        "POST /api/v1/projects/{project}/reports" => json!({"run_id": "absent"}),
        "PUT /api/v1/projects/{project}/members" => {
            json!({"email": "absent@researchflow.test", "role": "viewer"})
        }
        "POST /api/v1/projects" => json!({"slug": "other", "name": "Taken"}),
        "PATCH /api/v1/projects/{project}" => json!({"name": "Default"}),
        "POST /api/v1/sessions" => json!({}),
        "PUT /api/v1/users/me/password" => json!({"current": "not it", "new": "nor is this"}),
        "POST /api/v1/users/me/totp" => json!({"password": "not it"}),
        "POST /api/v1/users/me/totp/confirm" => json!({"code": "000000"}),
        "POST /api/v1/users/me/totp/recovery-codes" | "POST /api/v1/users/me/totp/disable" => {
            json!({"password": "not it", "totp": "000000"})
        }
        _ => Value::Null,
    };
    let path = match route {
        "GET /api/v1/projects/{project}/costs" => format!("{path}?group_by=model"),
        "DELETE /api/v1/projects/{project}" => format!("{path}?confirm=not-its-name"),
        _ => path,
    };
    match body {
        Value::Null => client.send(method, &path, &[], None),
        body => client.json(method, &path, &body),
    }
}
