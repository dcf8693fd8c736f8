//! A session's id changes, and an old one is worth nothing.

use serde_json::Value;
use tests::{ADMIN, Client, Database, PASSWORD, Service, both};

const SESSIONS: &str = "/api/v1/sessions";
const CURRENT: &str = "/api/v1/sessions/current";

both!(
    a_stolen_cookie_dies_with_rotation,
    a_session_is_renewed_once_for_requests_side_by_side,
    a_new_role_renews_the_session,
    a_refusal_by_quota_keeps_a_renewed_session,
    signing_in_again_ends_the_session_before,
    signing_in_again_ends_a_session_with_another_secret,
    sessions_are_listed_and_ended,
    sessions_end_by_themselves,
    a_session_is_ones_own
);

fn due(service: &Service) {
    service.database().execute("UPDATE sessions SET renew_at = 0");
}

fn grace_is_over(service: &Service) {
    service.database().execute("UPDATE sessions SET previous_until = 0");
}

fn with_cookie(service: &Service, cookie: &str) -> Client {
    service.nobody().with("cookie", cookie)
}

fn a_stolen_cookie_dies_with_rotation(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let stolen = admin.cookie();
    admin.get(CURRENT).expect(200);
    assert_eq!(admin.cookie(), stolen, "nothing is due yet");

    due(&service);
    admin.get(CURRENT).expect(200);
    assert_ne!(admin.cookie(), stolen);
    // What was on its way still arrives, and renews nothing.
    let late = with_cookie(&service, &stolen).get(CURRENT);
    late.expect(200);
    assert_eq!(late.cookie(), None);

    grace_is_over(&service);
    with_cookie(&service, &stolen).get(CURRENT).problem(401);
    admin.get(CURRENT).expect(200);
    let newest = admin.cookie();
    admin.delete(CURRENT).expect(204);
    with_cookie(&service, &newest).get(CURRENT).problem(401);
}

fn a_session_is_renewed_once_for_requests_side_by_side(database: Database) {
    let service = Service::start(database);
    let cookie = service.admin().cookie();
    due(&service);
    let ask = || with_cookie(&service, &cookie).get(CURRENT);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for answer in &answers {
        answer.expect(200);
    }
    let renewed: Vec<String> = answers.iter().filter_map(tests::Answer::cookie).collect();
    assert_eq!(renewed.len(), 1, "{renewed:?}");
    with_cookie(&service, &renewed[0]).get(CURRENT).expect(200);
}

fn a_new_role_renews_the_session(database: Database) {
    let service = Service::start(database);
    let member = service.user("member@researchflow.test", Some("viewer"));
    let before = member.cookie();
    let role = serde_json::json!({"email": "member@researchflow.test", "role": "operator"});
    service.admin().json("PUT", "/api/v1/projects/default/members", &role).expect(200);
    member.get(CURRENT).expect(200);
    assert_ne!(member.cookie(), before);
}

fn signing_in_again_ends_the_session_before(database: Database) {
    let service = Service::start(database);
    let cookie = service.admin().cookie();
    let again = with_cookie(&service, &cookie).sign_in(ADMIN, PASSWORD);
    with_cookie(&service, &cookie).get(CURRENT).problem(401);
    again.get(CURRENT).expect(200);
}

/// The id that the request comes with is not the session's any more when the sign-in ends it.
fn signing_in_again_ends_a_session_with_another_secret(database: Database) {
    let service = Service::start(database);
    let sessions = || service.database().count("SELECT count(*) FROM sessions");
    let cookie = service.admin().cookie();
    due(&service);
    let again = with_cookie(&service, &cookie).sign_in(ADMIN, PASSWORD);
    with_cookie(&service, &cookie).get(CURRENT).problem(401);
    assert_eq!(sessions(), 1);

    let cookie = again.cookie();
    due(&service);
    again.get(CURRENT).expect(200);
    let third = with_cookie(&service, &cookie).sign_in(ADMIN, PASSWORD);
    again.get(CURRENT).problem(401);
    third.get(CURRENT).expect(200);
    assert_eq!(sessions(), 1);
}

fn current(list: &[Value]) -> Vec<&Value> {
    list.iter().filter(|session| session["current"] == true).collect()
}

fn sessions_are_listed_and_ended(database: Database) {
    let service = Service::start(database);
    let laptop = [("user-agent", "a laptop")];
    let here = service.admin();
    let body = serde_json::json!({"email": ADMIN, "password": PASSWORD}).to_string();
    let fields = [laptop[0], ("content-type", "application/json")];
    let there = service.nobody().send("POST", SESSIONS, &fields, Some(body.as_bytes()));
    let there = with_cookie(&service, &there.cookie().unwrap());
    let third = service.admin();

    let list = here.all(&format!("{SESSIONS}?limit=2"));
    assert_eq!(list.len(), 3, "{list:?}");
    assert_eq!(current(&list).len(), 1);
    let other = list.iter().find(|session| session["user_agent"] == "a laptop").unwrap();
    assert_eq!((&other["current"], &other["address"]), (&false.into(), &"127.0.0.1".into()));
    let secret = here.cookie().split_once('=').unwrap().1.to_owned();
    assert!(!serde_json::to_string(&list).unwrap().contains(&secret));

    let path = format!("{SESSIONS}/{}", other["id"].as_str().unwrap());
    here.delete(&path).expect(204);
    there.get(CURRENT).problem(401);
    here.delete(&path).problem(404);
    here.delete(SESSIONS).expect(204);
    third.get(CURRENT).problem(401);
    let list = here.all(SESSIONS);
    assert_eq!((list.len(), current(&list).len()), (1, 1));
}

fn sessions_end_by_themselves(database: Database) {
    let service = Service::start(database);
    let (idle, old) = (service.admin(), service.admin());
    // Begun while the clock was a day ahead.
    let future = service.admin();
    let spared = service.user("spared@researchflow.test", None);
    let set = |column: &str, client: &Client| {
        let list = client.all(SESSIONS);
        let id = current(&list)[0]["id"].as_str().unwrap().to_owned();
        service.database().execute(&format!("UPDATE sessions SET {column} WHERE id = '{id}'"));
    };
    set("seen_at = seen_at - 1801000000", &idle);
    set("expires_at = created_at", &old);
    set("seen_at = seen_at + 86400000000, expires_at = expires_at + 86400000000", &future);
    future.get(CURRENT).problem(401);
    assert_eq!(service.admin().all(SESSIONS).len(), 1);
    idle.get(CURRENT).problem(401);
    old.get(CURRENT).problem(401);
    spared.get(CURRENT).expect(200);
}

fn a_session_is_ones_own(database: Database) {
    let service = Service::start(database);
    let (admin, other) = (service.admin(), service.user("other@researchflow.test", None));
    let list = admin.all(SESSIONS);
    let path = format!("{SESSIONS}/{}", list[0]["id"].as_str().unwrap());
    other.delete(&path).problem(404);
    service.key().get(SESSIONS).problem(403);
    service.key().delete(&path).problem(403);
    service.nobody().get(SESSIONS).problem(401);
    service.nobody().delete(SESSIONS).problem(401);
    admin.get(CURRENT).expect(200);
}

/// The id is replaced before it is known whose quota the request counts on: the new one must arrive,
/// though the request is refused, for the old one ends in seconds.
fn a_refusal_by_quota_keeps_a_renewed_session(database: Database) {
    let limits = "console=1/36000,auth=off";
    let service = Service::builder(database).env("RESEARCHFLOW_RATE_LIMITS", limits).start();
    let before = service.admin();
    before.get(CURRENT).expect(200);
    let session = service.admin();
    due(&service);
    let refused = session.get(CURRENT);
    refused.problem(429);
    assert!(refused.cookie().is_some(), "{refused:?}");
}
