//! Projects and their members.

use serde_json::{Value, json};
use tests::{Database, PASSWORD, PROJECT, Service, both};

both!(
    a_project_from_making_to_deleting,
    changes_side_by_side_are_all_made,
    members_come_and_go,
    a_foreign_project_does_not_exist
);

fn a_project_from_making_to_deleting(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let made =
        admin.post("/api/v1/projects", &json!({"name": "Trial 7", "slug": "trial-7"})).expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!((&made["name"], &made["slug"]), (&json!("Trial 7"), &json!("trial-7")));
    for project in [id, "trial-7"] {
        assert_eq!(admin.get(&format!("/api/v1/projects/{project}")).expect(200)["id"], id);
    }
    let all = admin.all("/api/v1/projects");
    let slugs: Vec<_> = all.iter().filter_map(|project| project["slug"].as_str()).collect();
    assert!(slugs.contains(&"default") && slugs.contains(&"trial-7"), "{slugs:?}");

    let change = json!({"name": "Trial 8", "settings": {"governance_mode": "strict", "content_policy": "redacted"}});
    let changed = admin.json("PATCH", "/api/v1/projects/trial-7", &change).expect(200);
    assert_eq!(changed["name"], "Trial 8");
    assert_eq!(changed["settings"]["governance_mode"], "strict");
    assert_eq!(admin.get("/api/v1/projects/trial-7").expect(200), changed);
    let wrong = json!({"settings": {"governance_mode": "lenient"}});
    admin
        .json("PATCH", "/api/v1/projects/trial-7", &wrong)
        .problem_at(422, "/settings/governance_mode");

    admin.post("/api/v1/projects", &json!({"name": "Other", "slug": "trial-7"})).problem(409);
    let unnamed = admin.delete("/api/v1/projects/trial-7");
    assert!((400..=422).contains(&unnamed.status), "{unnamed:?}");
    admin.delete("/api/v1/projects/trial-7?confirm=Trial%208").expect(204);
    admin.get("/api/v1/projects/trial-7").problem(404);
}

fn changes_side_by_side_are_all_made(database: Database) {
    let service = Service::start(database);
    let change = |change: Value| service.key().json("PATCH", PROJECT, &change).expect(200);
    for n in 0..10 {
        let mode = if n % 2 == 0 { "strict" } else { "standard" };
        let name = format!("Trial {n}");
        std::thread::scope(|scope| {
            scope.spawn(|| change(json!({"settings": {"governance_mode": mode}})));
            scope.spawn(|| change(json!({"name": name})));
        });
        let project = service.key().get(PROJECT).expect(200);
        let is = (&project["name"], &project["settings"]["governance_mode"]);
        assert_eq!(is, (&json!(name), &json!(mode)), "{n}");
    }
}

fn members_come_and_go(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    let members = "/api/v1/projects/default/members";
    let lead = service.user("lead@researchflow.test", Some("viewer"));
    lead.get("/api/v1/projects/default").expect(200);
    let find = || {
        let all = admin.all(members);
        all.into_iter().find(|member| member["email"] == "lead@researchflow.test")
    };
    let member = find().expect("the member is listed");
    assert_eq!(member["role"], "viewer");

    let promoted = json!({"email": "lead@researchflow.test", "role": "operator"});
    assert!(admin.json("PUT", members, &promoted).status < 300);
    assert_eq!(find().unwrap()["role"], "operator");
    let unknown = json!({"email": "lead@researchflow.test", "role": "emperor"});
    admin.json("PUT", members, &unknown).problem_at(422, "/role");

    let id = member["user_id"].as_str().unwrap();
    admin.delete(&format!("{members}/{id}")).expect(204);
    lead.get("/api/v1/projects/default").problem(404);
}

fn a_foreign_project_does_not_exist(database: Database) {
    let service = Service::start(database);
    let admin = service.admin();
    admin.post("/api/v1/projects", &json!({"name": "Secret", "slug": "secret"})).expect(201);
    service.database().create_user("stranger@researchflow.test", PASSWORD);
    let stranger = service.nobody().sign_in("stranger@researchflow.test", PASSWORD);
    // A key belongs to one project; a user without a role belongs to none.
    for client in [service.key(), stranger] {
        let nowhere = client.get("/api/v1/projects/nowhere").problem(404)["detail"].clone();
        for path in [
            "",
            "/invocations",
            "/invocations/x",
            "/runs",
            "/costs?group_by=model",
            "/reports",
            "/keys",
            "/members",
        ] {
            client.get(&format!("/api/v1/projects/secret{path}")).problem(404);
        }
        assert_eq!(client.get("/api/v1/projects/secret").problem(404)["detail"], nowhere);
        client.post("/api/v1/projects/secret/invocations", &json!({"model": "m"})).problem(404);
        assert!(client.all("/api/v1/projects").iter().all(|project| project["slug"] != "secret"));
    }
    assert_eq!(admin.all("/api/v1/projects/secret/invocations").len(), 0);
}
