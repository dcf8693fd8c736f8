//! A role of PostgreSQL with the rights of `service-role.sql`: the service can do all that it does,
//! and its role nothing else.

use crate::insights::counts::all_is_added_up;
use crate::insights::load::events;
use serde_json::json;
use std::path::Path;
use tests::{Client, Cluster, Database, PROJECT, Service, bodies, eventually};

const ROLE: &str = "researchflow_service";
const SHORT: &str = "/api/v1/projects/short";

/// A database that its owner has made, in which the role may serve.
fn owned(cluster: &Cluster) -> Database {
    let database = Database::in_cluster(cluster);
    assert_eq!(database.researchflow(&["migrate", "up"]).code, 0);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../infrastructure/postgres/service-role.sql");
    database.execute(&std::fs::read_to_string(Path::new(file)).expect("the statements"));
    database
}

fn serve(database: Database) -> Service {
    let url = database.url();
    let (_, place) = url.rsplit_once('@').expect("a URL with a user");
    let url = format!("postgres://{ROLE}@{place}");
    Service::builder(database)
        .flag("--no-migrate")
        .flag("--worker")
        .env("DATABASE_URL", &url)
        .start()
}

#[test]
fn the_service_needs_no_more_than_its_role_may() {
    let cluster = Cluster::start();
    let mut service = serve(owned(&cluster));
    let admin = service.admin();
    people_and_keys_come_and_go(&service, &admin);
    service.key().ingest(&events("kept", 300)).expect(200);
    all_is_added_up(&service, &admin);
    a_project_is_erased(&mut service);
    assert_eq!(service.nobody().get("/ready").expect(200)["status"], "ready");
    assert_eq!(service.researchflow(&["ledger", "verify"]).code, 0);
    let refused: Vec<_> =
        service.log().into_iter().filter(|line| line.to_string().contains("permission")).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    the_role_can_do_nothing_else(service.database());
}

fn people_and_keys_come_and_go(service: &Service, admin: &Client) {
    let member = service.user("member@researchflow.test", Some("researcher"));
    member.get(PROJECT).expect(200);
    member.post(&format!("{PROJECT}/keys"), &json!({"name": "k", "scopes": ["read"]})).problem(403);
    let body = json!({"name": "one", "scopes": ["read"]}).to_string();
    let fields = [("content-type", "application/json"), ("idempotency-key", "once")];
    let make = || admin.post_bytes(&format!("{PROJECT}/keys"), &fields, body.as_bytes());
    let key = make().expect(201);
    assert_eq!(make().expect(201), key);
    let id = key["id"].as_str().expect("an id");
    admin.delete(&format!("{PROJECT}/keys/{id}")).expect_status(204);
    admin.post(&format!("{PROJECT}/invocations"), &bodies::event("by hand")).expect(200);
    member.delete("/api/v1/sessions/current").expect_status(204);
    let wrong = json!({"email": "member@researchflow.test", "password": "wrong"});
    service.nobody().post("/api/v1/sessions", &wrong).problem(401);
    assert!(!admin.all("/api/v1/audit").is_empty());
}

/// As if it had been deleted in 1970.
fn a_project_is_erased(service: &mut Service) {
    let admin = service.admin();
    admin.post("/api/v1/projects", &json!({"slug": "short", "name": "Short"})).expect(201);
    admin.post(&format!("{SHORT}/invocations"), &events("goes", 100)).expect(200);
    admin.post(&format!("{SHORT}/reports"), &json!({"run_id": "run-1"})).expect(201);
    admin.delete(&format!("{SHORT}?confirm=Short")).expect_status(204);
    service.database().execute("UPDATE projects SET deleted_at = 1 WHERE slug = 'short'");
    service.restart();
    let erased = "SELECT count(*) FROM ledger_erasures";
    eventually("the project is erased", || (service.database().count(erased) > 0).then_some(()));
    service.key().get(PROJECT).expect(200);
}

/// Who makes, alters or takes away what, as PostgreSQL sees it.
fn the_role_can_do_nothing_else(database: &Database) {
    let may = |table: &str, right: &str| {
        let sql = format!("SELECT has_table_privilege('{ROLE}', '{table}', '{right}')");
        database.query(&sql)[0][0] == "t"
    };
    for (table, rights) in [
        ("__diesel_schema_migrations", ["INSERT", "UPDATE", "DELETE"].as_slice()),
        ("audit_events", &["UPDATE", "DELETE", "TRUNCATE"]),
        ("ledger_erasures", &["UPDATE", "DELETE", "TRUNCATE"]),
        ("ledger_heads", &["DELETE", "TRUNCATE"]),
        ("ledger_entries", &["DELETE", "TRUNCATE"]),
        ("ledger_tiles", &["DELETE", "TRUNCATE"]),
        ("ledger_records", &["UPDATE", "TRUNCATE"]),
        ("invocations", &["TRUNCATE", "TRIGGER", "REFERENCES"]),
    ] {
        for right in rights {
            assert!(!may(table, right), "{right} on {table}");
        }
    }
    assert!(may("audit_events", "INSERT"));
    let owned = format!("SELECT count(*) FROM pg_tables WHERE tableowner = '{ROLE}'");
    assert_eq!(database.count(&owned), 0);
    let creates = format!("SELECT has_schema_privilege('{ROLE}', 'public', 'CREATE')");
    assert_eq!(database.query(&creates)[0][0], "f");
}
