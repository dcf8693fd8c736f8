//! API keys: the ways to show one, what each may do, and their end.

use base64::Engine;
use serde_json::json;
use tests::{Database, KEY, PROJECT, Service, bodies, both};

both!(
    a_key_comes_in_four_ways,
    a_key_does_what_its_scopes_say,
    a_revoked_key_is_worth_nothing,
    a_key_is_revoked_once,
    a_key_is_rotated_once,
    a_key_hands_out_no_more_than_it_has,
    a_key_is_shown_once,
    an_expired_key_is_worth_nothing,
    a_quota_beyond_the_usual_is_an_administrators,
    keys_by_command
);

const KEYS: &str = "/api/v1/projects/default/keys";

fn a_key_hands_out_no_more_than_it_has(database: Database) {
    let service = Service::start(database);
    let (_, manages) = service.new_key(&["manage"]);
    let wider = json!({"name": "wider", "scopes": ["manage", "read"]});
    manages.post(KEYS, &wider).problem_at(422, "/scopes");
    manages.post(KEYS, &json!({"name": "alike", "scopes": ["manage"]})).expect(201);
    let (reader, _) = service.new_key(&["read"]);
    manages.post(&format!("{KEYS}/{reader}/rotate"), &json!({})).problem(403);

    let ending = |at: &str| json!({"name": "ends", "scopes": ["manage"], "expires_at": at});
    let made = service.key().post(KEYS, &ending("2100-01-01T00:00:00Z")).expect(201);
    let ends = service.nobody().with_key(made["key"].as_str().unwrap());
    let endless = json!({"name": "endless", "scopes": ["manage"]});
    for longer in [endless, ending("2100-01-01T00:00:01Z")] {
        ends.post(KEYS, &longer).problem_at(422, "/expires_at");
    }
    ends.post(KEYS, &ending("2100-01-01T00:00:00Z")).expect(201);
    let own = made["id"].as_str().unwrap();
    ends.post(&format!("{KEYS}/{own}/rotate"), &json!({})).expect(201);
    ends.post(&format!("{KEYS}/{reader}/rotate"), &json!({})).problem(403);
}

fn a_key_comes_in_four_ways(database: Database) {
    let service = Service::start(database);
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("anybody:{KEY}"));
    let ways = [
        ("authorization", format!("Bearer {KEY}")),
        ("authorization", format!("bearer {KEY}")),
        ("authorization", format!("Basic {basic}")),
        ("x-api-key", KEY.to_owned()),
    ];
    for (name, value) in ways {
        service.nobody().with(name, &value).get(PROJECT).expect(200);
    }
    for (name, value) in [
        ("authorization", "Bearer x"),
        ("authorization", "Basic !"),
        ("authorization", ""),
        ("x-api-key", "rf_x_y"),
    ] {
        let answer = service.nobody().with(name, value).get(PROJECT);
        answer.problem(401);
        assert!(answer.header("www-authenticate").is_some(), "{answer:?}");
    }
}

fn a_key_does_what_its_scopes_say(database: Database) {
    let service = Service::start(database);
    let (_, ingest) = service.new_key(&["ingest"]);
    let (_, read) = service.new_key(&["read"]);
    let (_, manage) = service.new_key(&["manage"]);
    ingest.ingest(&bodies::event("a")).expect(200);
    let empty = [("content-type", "application/x-protobuf")];
    ingest.post_bytes("/v1/traces", &empty, b"").expect_status(200);
    ingest.get(&format!("{PROJECT}/invocations")).problem(403);
    ingest.get(KEYS).problem(403);
    read.get(&format!("{PROJECT}/invocations/a")).expect(200);
    read.ingest(&bodies::event("b")).problem(403);
    read.post_bytes("/v1/traces", &empty, b"").problem(403);
    read.post(KEYS, &json!({"name": "more", "scopes": ["manage"]})).problem(403);
    manage.post(KEYS, &json!({"name": "more", "scopes": ["manage"]})).expect(201);
    manage.ingest(&bodies::event("c")).problem(403);
    service
        .key()
        .post(KEYS, &json!({"name": "x", "scopes": ["root"]}))
        .problem_at(422, "/scopes/0");
}

fn a_revoked_key_is_worth_nothing(database: Database) {
    let service = Service::start(database);
    let (id, client) = service.new_key(&["read", "ingest"]);
    client.get(PROJECT).expect(200);
    service.key().delete(&format!("{KEYS}/{id}")).expect(204);
    let gone = || (client.get(PROJECT).status == 401).then_some(());
    tests::within(std::time::Duration::from_secs(1), "the key is revoked", gone);
    client.ingest(&bodies::event("late")).problem(401);
    service.key().get(&format!("{PROJECT}/invocations/late")).problem(404);
}

/// Who did not hear the answer asks again, and those at once were all right; the trail has it once.
fn a_key_is_revoked_once(database: Database) {
    let service = Service::start(database);
    let (id, _) = service.new_key(&["read"]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| service.key().delete(&format!("{KEYS}/{id}")).expect(204));
        }
    });
    let listed = || service.key().all(KEYS).into_iter().find(|key| key["id"] == id.as_str());
    let revoked = listed().unwrap();
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    let command = service.database().researchflow(&["admin", "key", "revoke", &id]);
    assert_eq!(command.code, 0, "{command:?}");
    assert_eq!(listed().unwrap(), revoked);
    assert_eq!(service.admin().all("/api/v1/audit?action=key_revoked").len(), 1);

    // It is listed, so it is no stranger; but nothing comes after it.
    service.key().post(&format!("{KEYS}/{id}/rotate"), &json!({})).problem(409);
    let absent = service.database().researchflow(&["admin", "key", "revoke", "absent"]);
    assert_ne!(absent.code, 0, "{absent:?}");
    service.key().delete(&format!("{KEYS}/absent")).problem(404);
}

/// The new key ends when the old one would have; one made from that again would end with the old one.
fn a_key_is_rotated_once(database: Database) {
    let service = Service::start(database);
    let key = service.key();
    let rotate = |id: &str| key.post(&format!("{KEYS}/{id}/rotate"), &json!({}));
    for end in [json!(null), json!("2099-01-01T00:00:00Z")] {
        let body = json!({"name": "agent", "scopes": ["read"], "expires_at": end});
        let first = key.post(KEYS, &body).expect(201);
        let id = first["id"].as_str().unwrap().to_owned();
        let answers = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| rotate(&id))).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect::<Vec<_>>()
        });
        let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 201);
        assert_eq!((made.len(), refused.len()), (1, 3), "{answers:?}");
        refused.iter().for_each(|answer| drop(answer.problem(409)));
        rotate(&id).problem(409);

        let second = made[0].expect(201);
        assert_eq!(second["expires_at"], first["expires_at"]);
        let third = rotate(second["id"].as_str().unwrap()).expect(201);
        assert_eq!(third["expires_at"], first["expires_at"]);
        for key in [&first, &second, &third] {
            service.nobody().with_key(key["key"].as_str().unwrap()).get(PROJECT).expect(200);
        }
        let listed = key.all(KEYS).into_iter().find(|key| key["id"] == id.as_str()).unwrap();
        assert!(listed["expires_at"].is_string() && listed["expires_at"] != first["expires_at"]);
    }
}

fn a_key_is_shown_once(database: Database) {
    let service = Service::start(database);
    let made = service.key().post(KEYS, &json!({"name": "once", "scopes": ["read"]})).expect(201);
    let secret = made["key"].as_str().unwrap();
    let (id, rest) = secret.strip_prefix("rf_").unwrap().split_once('_').unwrap();
    assert!(!id.is_empty() && rest.len() >= 32, "{secret}");
    let listed = service.key().get(KEYS);
    assert!(listed.text().contains(made["id"].as_str().unwrap()) && !listed.text().contains(rest));
    // One wrong character, and the checksum refuses it.
    let mut wrong = secret.to_owned();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    service.nobody().with_key(&wrong).get(PROJECT).problem(401);
    for (place, bytes) in service.database().at_rest() {
        assert!(!bytes.windows(rest.len()).any(|at| at == rest.as_bytes()), "{place} has the key");
    }
}

fn an_expired_key_is_worth_nothing(database: Database) {
    let service = Service::start(database);
    let past = json!({"name": "old", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"});
    let answer = service.key().post(KEYS, &past);
    // Refused when it is made, or worth nothing afterwards.
    if answer.status == 201 {
        let secret = answer.expect(201)["key"].as_str().unwrap().to_owned();
        service.nobody().with_key(&secret).get(PROJECT).problem(401);
    } else {
        answer.problem_at(422, "/expires_at");
    }
}

fn a_quota_beyond_the_usual_is_an_administrators(database: Database) {
    let limits = "api=100/60,ingest=1000/60,console=off,auth=off";
    let service = Service::builder(database).env("RESEARCHFLOW_RATE_LIMITS", limits).start();
    let operator = service.user("operator@researchflow.test", Some("operator"));
    let (_, manager) = service.new_key(&["ingest", "read", "gateway", "manage"]);
    let key = |scope: &str, quota: &str| json!({"name": "k", "scopes": [scope], "quota": quota});
    for client in [&operator, &manager] {
        for (scope, quota) in [
            ("read", "101/60"),
            ("read", "100/59"),
            ("read", "10/1"),
            ("ingest", "1001/60"),
            ("manage", "1000/60"),
        ] {
            let problem = client.post(KEYS, &key(scope, quota)).problem_at(422, "/quota");
            assert!(problem["detail"].as_str().unwrap().contains("an administrator"), "{problem}");
        }
        for (scope, quota) in [("read", "100/60"), ("read", "1/1"), ("ingest", "1000/60")] {
            assert_eq!(client.post(KEYS, &key(scope, quota)).expect(201)["quota"], quota);
        }
        let both = json!({"name": "k", "scopes": ["ingest", "read"], "quota": "1000/60"});
        client.post(KEYS, &both).problem_at(422, "/quota");
    }
    let admin = service.admin();
    let raised = admin.post(KEYS, &key("read", "1000/60")).expect(201);
    // Whoever replaces it keeps what was granted.
    let rotate = format!("{KEYS}/{}/rotate", raised["id"].as_str().unwrap());
    assert_eq!(operator.post(&rotate, &json!({})).expect(201)["quota"], "1000/60");
}

fn keys_by_command(database: Database) {
    let service = Service::start(database);
    let arguments =
        ["admin", "key", "create", "--project", "default", "--scope", "ingest", "--scope", "read"];
    let made = service.database().researchflow(&arguments);
    assert_eq!(made.code, 0, "{made:?}");
    let key = made.text.split_whitespace().find(|word| word.starts_with("rf_")).expect("the key");
    let client = service.nobody().with_key(key);
    client.ingest(&bodies::event("a")).expect(200);
    let id = key.split('_').nth(1).unwrap();
    let revoked = service.database().researchflow(&["admin", "key", "revoke", id]);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    let gone = || (client.get(PROJECT).status == 401).then_some(());
    tests::within(std::time::Duration::from_secs(2), "the key is revoked", gone);
}
