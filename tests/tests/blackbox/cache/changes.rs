//! What one process changes, the other sees.

use super::{Two, shows};
use serde_json::json;
use tests::{Database, PASSWORD, PROJECT, Redis, Service, both};

both!(
    a_change_is_seen_here_at_once_and_everywhere_within_a_second,
    without_redis_too,
    a_key_revoked_by_command_is_refused_everywhere,
    a_project_that_was_missing_is_there_once_it_is_made
);

fn a_change_is_seen_here_at_once_and_everywhere_within_a_second(database: Database) {
    let redis = Redis::start();
    let two = Two::start(database, &redis);
    for round in 0..3 {
        two.changes_are_seen(&two.a, &two.b, &format!("round-{round}"));
        two.changes_are_seen(&two.b, &two.a, &format!("back-{round}"));
    }
}

fn without_redis_too(database: Database) {
    let a = Service::start(database);
    let b = a.beside().start();
    let two = Two { a, b };
    two.changes_are_seen(&two.a, &two.b, "alone");
    two.changes_are_seen(&two.b, &two.a, "alone-too");
}

impl Two {
    /// Changes a project's name, a user's rights and a key at `writer`, all of which both know.
    pub(super) fn changes_are_seen(&self, writer: &Service, reader: &Service, round: &str) {
        let email = format!("{round}@researchflow.test");
        self.a.database().create_user(&email, PASSWORD);
        a_new_name(writer, reader, round);
        a_removed_member(writer, reader, &email);
        a_revoked_key(writer, reader);
    }
}

fn a_new_name(writer: &Service, reader: &Service, round: &str) {
    let (here, there) = (writer.key(), reader.key());
    let name = |answer: tests::Answer| answer.expect(200)["name"].clone();
    assert_ne!(name(here.get(PROJECT)), round);
    assert_ne!(name(there.get(PROJECT)), round);
    here.json("PATCH", PROJECT, &json!({"name": round})).expect(200);
    assert_eq!(name(here.get(PROJECT)), round);
    shows("the new name", || name(there.get(PROJECT)) == round);
    // It stays so: nobody goes back to what was before.
    assert_eq!(name(there.get(PROJECT)), round);
    assert_eq!(name(here.get(PROJECT)), round);
}

fn a_removed_member(writer: &Service, reader: &Service, email: &str) {
    let (admin, members) = (writer.admin(), format!("{PROJECT}/members"));
    let member = json!({"email": email, "role": "viewer"});
    let id = admin.json("PUT", &members, &member).expect(200)["user_id"].clone();
    let [here, there] = [writer, reader].map(|it| it.nobody().sign_in(email, PASSWORD));
    here.get(PROJECT).expect(200);
    there.get(PROJECT).expect(200);
    admin.delete(&format!("{members}/{}", id.as_str().unwrap())).expect(204);
    here.get(PROJECT).problem(404);
    shows("the member is gone", || gone(&there.get(PROJECT), 404));
    admin.json("PUT", &members, &member).expect(200);
    here.get(PROJECT).expect(200);
    shows("the member is back", || gone(&there.get(PROJECT), 200));
}

fn a_revoked_key(writer: &Service, reader: &Service) {
    let made = json!({"name": "k", "scopes": ["read"]});
    let made = writer.key().post(&format!("{PROJECT}/keys"), &made).expect(201);
    let secret = made["key"].as_str().unwrap();
    let (here, there) = (writer.nobody().with_key(secret), reader.nobody().with_key(secret));
    here.get(PROJECT).expect(200);
    there.get(PROJECT).expect(200);
    let id = made["id"].as_str().unwrap();
    writer.key().delete(&format!("{PROJECT}/keys/{id}")).expect(204);
    here.get(PROJECT).problem(401);
    shows("the key is revoked", || gone(&there.get(PROJECT), 401));
}

/// Whether it is so already; nothing but before and after may be answered.
fn gone(answer: &tests::Answer, status: u16) -> bool {
    assert!([200, 401, 404].contains(&answer.status), "{answer:?}");
    answer.status == status
}

fn a_key_revoked_by_command_is_refused_everywhere(database: Database) {
    let redis = Redis::start();
    let two = Two::start(database, &redis);
    let made = json!({"name": "k", "scopes": ["read"]});
    let made = two.a.key().post(&format!("{PROJECT}/keys"), &made).expect(201);
    let secret = made["key"].as_str().unwrap();
    let clients = [&two.a, &two.b].map(|service| service.nobody().with_key(secret));
    clients.iter().for_each(|client| drop(client.get(PROJECT).expect(200)));
    let revoked = two.a.researchflow(&["admin", "key", "revoke", made["id"].as_str().unwrap()]);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    shows("the key is revoked", || clients.iter().all(|it| gone(&it.get(PROJECT), 401)));
}

fn a_project_that_was_missing_is_there_once_it_is_made(database: Database) {
    let redis = Redis::start();
    let two = Two::start(database, &redis);
    let (here, there) = (two.a.admin(), two.b.admin());
    let path = "/api/v1/projects/trial-7";
    here.get(path).problem(404);
    there.get(path).problem(404);
    here.post("/api/v1/projects", &json!({"name": "Trial 7"})).expect(201);
    here.get(path).expect(200);
    shows("the project", || gone(&there.get(path), 200));
    here.delete(&format!("{path}?confirm=Trial%207")).expect(204);
    here.get(path).problem(404);
    shows("the project is gone", || gone(&there.get(path), 404));
}
