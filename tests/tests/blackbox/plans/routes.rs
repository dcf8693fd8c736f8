//! Every route, with every filter, as clients call it.

use super::Asked;
use super::postgres::Recorder;
use serde_json::{Value, json};
use tests::{ADMIN, Client, KEY, PASSWORD, PROJECT, Service, bodies};

const FROM: &str = "from=2025-10-10T00:00:00Z";
const TO: &str = "to=2025-10-11T00:00:00Z";

/// Calls them all, and tells what each asked of the database.
pub(crate) fn walk(service: &Service, recorder: &Recorder) -> Vec<Asked> {
    let mut walk = Walk { recorder, asked: Vec::new() };
    let key = service.key();
    for path in lists_of_invocations() {
        walk.pages(&key, &path);
    }
    for path in ["keys", "runs", "reports"] {
        walk.pages(&key, &format!("{PROJECT}/{path}"));
    }
    for path in reads() {
        walk.get(&key, &path);
    }
    walk.reports(&key);
    walk.writes(service, &key);
    walk.people(service);
    walk.asked
}

fn lists_of_invocations() -> Vec<String> {
    // The first run of `default` that was filled in has calls 1000 to 1049.
    let filters = [
        "run=run-20",
        "stage=stage-1",
        FROM,
        TO,
        "model=model-3",
        "model=absent",
        "provider=openai",
        "tier=mini",
        "status=error",
        "agent=agent-2",
        "tag=common",
        "tag=rare",
        "tag=absent",
        "phi=date",
    ];
    let some = [
        format!("{FROM}&{TO}&model=model-3"),
        format!("run=run-20&{FROM}&stage=stage-1"),
        format!("tag=rare&{FROM}&{TO}"),
        "tag=common&phi=date".to_owned(),
        "run=run-20&tag=common".to_owned(),
    ];
    let one = filters.into_iter().map(str::to_owned).chain(some);
    let mut paths = vec![format!("{PROJECT}/invocations")];
    paths.extend(one.map(|filter| format!("{PROJECT}/invocations?{filter}")));
    paths
}

fn reads() -> Vec<String> {
    let groups = ["model", "tier", "provider", "agent", "stage", "run", "key", "day"];
    let mut paths: Vec<String> = [
        "",
        "/members",
        "/invocations/real-17",
        "/runs/run-20",
        "/runs/absent",
        "/invocations/export",
        "/invocations/export?run=run-20",
        "/invocations/export?tag=rare",
    ]
    .map(|path| format!("{PROJECT}{path}"))
    .into();
    paths.extend(groups.map(|group| format!("{PROJECT}/costs?group_by={group}")));
    paths.push(format!("{PROJECT}/costs?{FROM}&{TO}"));
    paths.extend(
        [
            "/ledger/invocations/checkpoint",
            "/ledger/invocations/key",
            "/ledger/audit/checkpoint",
            "/ledger/invocations/tile/0/000",
            "/ledger/invocations/tile/1/000.p/2",
            "/ready",
            "/metrics",
        ]
        .map(str::to_owned),
    );
    paths
}

struct Walk<'a> {
    recorder: &'a Recorder,
    asked: Vec<Asked>,
}

impl Walk<'_> {
    fn note(&mut self, route: &str, work: impl FnOnce()) {
        let plans = self.recorder.during(work);
        self.asked.extend(plans.into_iter().map(|(sql, plan)| Asked {
            route: route.to_owned(),
            sql,
            plan,
        }));
    }

    fn get(&mut self, client: &Client, path: &str) -> Value {
        let mut body = Value::Null;
        self.note(&format!("GET {path}"), || {
            let answer = client.get(path);
            assert!(answer.status < 500, "{answer:?}");
            body = serde_json::from_slice(&answer.body).unwrap_or_default();
        });
        body
    }

    /// The first page, and the second if there is one.
    fn pages(&mut self, client: &Client, path: &str) {
        let page = self.get(client, path);
        assert!(page["items"].is_array(), "{path}: {page}");
        if let Some(cursor) = page["next_cursor"].as_str() {
            let joint = if path.contains('?') { '&' } else { '?' };
            self.get(client, &format!("{path}{joint}cursor={cursor}"));
        }
    }

    fn reports(&mut self, client: &Client) {
        let path = format!("{PROJECT}/reports");
        let mut id = String::new();
        self.note(&format!("POST {path}"), || {
            let report = client.post(&path, &json!({"run_id": "run-1"})).expect(201);
            report["id"].as_str().unwrap().clone_into(&mut id);
        });
        self.get(client, &format!("{path}/{id}"));
        // What fills the period is no record that a report could be made of; it is looked for alike.
        let period = json!({"from": "2025-10-10T00:00:00Z", "to": "2025-10-11T00:00:00Z"});
        self.note(&format!("POST {path} of a period"), || drop(client.post(&path, &period)));
    }

    fn writes(&mut self, service: &Service, key: &Client) {
        let path = format!("{PROJECT}/invocations");
        self.note(&format!("POST {path}"), || {
            key.ingest(&bodies::events("more", 40)).expect(200);
        });
        let body = bodies::event("once").to_string();
        let fields = [("content-type", "application/json"), ("idempotency-key", "plans")];
        for _ in 0..2 {
            self.note(&format!("POST {path} with Idempotency-Key"), || {
                key.post_bytes(&path, &fields, body.as_bytes()).expect(200);
            });
        }
        let mut id = String::new();
        self.note("POST …/keys", || id = service.new_key(&["read"]).0);
        self.note("DELETE …/keys/{key_id}", || {
            key.delete(&format!("{PROJECT}/keys/{id}")).expect_status(204);
        });
    }

    /// What somebody does about their own account.
    fn account(&mut self, me: &Client) {
        self.get(me, "/api/v1/users/me/totp");
        self.note("DELETE /sessions", || {
            me.delete("/api/v1/sessions").expect_status(204);
        });
        self.note("DELETE /sessions/{session}", || {
            me.delete("/api/v1/sessions/absent").problem(404);
        });
        self.note("POST /users/me/totp", || {
            me.post("/api/v1/users/me/totp", &json!({"password": PASSWORD})).expect(201);
        });
        self.note("POST /users/me/totp/confirm", || {
            me.post("/api/v1/users/me/totp/confirm", &json!({"code": "x"})).problem(422);
        });
        let body = json!({"current": PASSWORD, "new": "two horses and a battery"});
        self.note("PUT /users/me/password", || {
            me.json("PUT", "/api/v1/users/me/password", &body).expect_status(204);
        });
    }

    fn people(&mut self, service: &Service) {
        let mut admin = None;
        self.note("POST /sessions", || admin = Some(service.nobody().sign_in(ADMIN, PASSWORD)));
        let admin = admin.unwrap();
        self.pages(&admin, "/api/v1/projects");
        self.get(&admin, "/api/v1/sessions/current");
        self.pages(&admin, "/api/v1/sessions");
        self.account(&service.user("me@x.test", None));
        let member = service.user("member@x.test", Some("viewer"));
        for path in ["/api/v1/projects", PROJECT] {
            self.get(&member, path);
        }
        self.pages(&service.nobody().with_key(KEY), "/api/v1/projects");
        let project = admin.post("/api/v1/projects", &json!({"name": "Short"})).expect(201);
        let path = format!("/api/v1/projects/{}", project["id"].as_str().unwrap());
        self.note("PATCH /projects/{project}", || {
            admin.json("PATCH", &path, &json!({"name": "Shorter"})).expect(200);
        });
        self.note("DELETE /projects/{project}", || {
            admin.delete(&format!("{path}?confirm=Shorter")).expect_status(204);
        });
        for filter in ["", "project=default", "actor=user:u7", "action=key_created", FROM, TO] {
            self.pages(&admin, &format!("/api/v1/audit?{filter}"));
        }
        self.note("DELETE /sessions/current", || {
            admin.delete("/api/v1/sessions/current").expect_status(204);
        });
    }
}
