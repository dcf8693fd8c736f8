//! Who may do what: every role against every act.

use serde_json::{Value, json};
use tests::{Client, Database, PROJECT, Service, bodies, both};

both!(every_role_does_its_acts_and_no_more);

const ROLES: [&str; 4] = ["viewer", "researcher", "operator", "admin"];

struct Act {
    method: &'static str,
    path: &'static str,
    body: Value,
    /// The least role that may.
    least: &'static str,
}

/// In this order, since the last ends the project.
fn acts() -> Vec<Act> {
    let act = |method, path, body, least| Act { method, path, body, least };
    vec![
        act("GET", "", Value::Null, "viewer"),
        act("GET", "/invocations", Value::Null, "viewer"),
        act("GET", "/runs", Value::Null, "viewer"),
        act("GET", "/members", Value::Null, "viewer"),
        act("GET", "/costs?group_by=model", Value::Null, "viewer"),
        act("GET", "/reports", Value::Null, "viewer"),
        act("GET", "/invocations/export?format=csv", Value::Null, "researcher"),
        act("POST", "/invocations", bodies::event("by-role"), "researcher"),
        act("POST", "/reports", json!({"run_id": "run-1"}), "researcher"),
        act("GET", "/keys", Value::Null, "operator"),
        act("POST", "/keys", json!({"name": "k", "scopes": ["read"]}), "operator"),
        act("PATCH", "", json!({"settings": {"content_policy": "redacted"}}), "operator"),
        act("PUT", "/members", json!({"email": tests::ADMIN, "role": "admin"}), "admin"),
        act("DELETE", "?confirm=default", Value::Null, "admin"),
    ]
}

fn every_role_does_its_acts_and_no_more(database: Database) {
    let service = Service::start(database);
    service.admin().json("PATCH", PROJECT, &json!({"name": "default"})).expect(200);
    service.key().ingest(&bodies::event("first")).expect(200);
    let stranger = service.user("stranger@researchflow.test", None);
    let members: Vec<Client> = ROLES
        .iter()
        .map(|role| service.user(&format!("the.{role}@researchflow.test"), Some(role)))
        .collect();
    for act in acts() {
        let path = format!("{PROJECT}{}", act.path);
        let send = |client: &Client| match &act.body {
            Value::Null => client.send(act.method, &path, &[], None),
            body => client.json(act.method, &path, body),
        };
        send(&service.nobody()).problem(401);
        send(&stranger).problem(404);
        let least = ROLES.iter().position(|role| *role == act.least).unwrap();
        for (rank, member) in members.iter().enumerate() {
            let answer = send(member);
            let role = ROLES[rank];
            match rank >= least {
                true => assert!(answer.status < 300, "{role}: {answer:?}"),
                false => assert_eq!(answer.status, 403, "{role}: {answer:?}"),
            }
        }
    }
}
