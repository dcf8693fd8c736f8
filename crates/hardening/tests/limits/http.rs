//! What clients see.

use crate::Class;
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, test, web};
use hardening::limits::{Identity, Limiter, Policies, Proxies, Subject, rate_limit};
use serde_json::{Value, json};

/// Everything under `/api`, by address; who sends `x-quota` has it.
fn subject(request: &ServiceRequest) -> Option<Subject<Class>> {
    let address = Proxies::default().client_of(request.request())?;
    let quota = request.headers().get("x-quota").map(|it| it.to_str().unwrap().parse().unwrap());
    let class = request.path().starts_with("/api").then_some(Class::Api)?;
    Some(Subject { class, identity: Identity::address(address), quota })
}

struct Seen {
    status: StatusCode,
    fields: [Option<String>; 3],
    body: Value,
}

/// Sends requests one after the other, each a path, an address and a quota of the sender's own.
async fn send(policies: &str, requests: &[(&str, &str, Option<&str>)]) -> Vec<Seen> {
    let limiter = Limiter::local(policies.parse::<Policies<Class>>().unwrap());
    let ok = || async { HttpResponse::Ok().json("served") };
    let app = App::new().wrap(rate_limit(limiter, subject)).default_service(web::to(ok));
    let app = test::init_service(app).await;
    let mut seen = Vec::new();
    for (path, address, quota) in requests {
        let mut request = test::TestRequest::get().uri(path);
        request = request.peer_addr(format!("{address}:4711").parse().unwrap());
        if let Some(quota) = quota {
            request = request.insert_header(("x-quota", *quota));
        }
        let response = test::call_service(&app, request.to_request()).await;
        let fields = ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        });
        let status = response.status();
        seen.push(Seen { status, fields, body: test::read_body_json(response).await });
    }
    seen
}

fn fields<const N: usize>(values: [&str; N]) -> Vec<Option<String>> {
    let mut fields: Vec<_> = values.iter().map(|it| Some((*it).to_owned())).collect();
    fields.resize(3, None);
    fields
}

#[actix_web::test]
async fn answers_tell_how_one_stands_and_refusals_when_to_come_again() {
    let request = ("/api/x", "192.0.2.1", None);
    let seen = send("api=2/3600", &[request; 3]).await;
    let policy = r#""api";q=2;w=3600"#;
    assert_eq!(seen[0].status, StatusCode::OK);
    assert_eq!(seen[0].fields.to_vec(), fields([policy, r#""api";r=1;t=1800"#]));
    assert_eq!(seen[1].fields.to_vec(), fields([policy, r#""api";r=0;t=1800"#]));
    assert_eq!(seen[2].status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(seen[2].fields.to_vec(), fields([policy, r#""api";r=0;t=1800"#, "1800"]));
    assert_eq!(
        seen[2].body,
        json!({
            "type": "/problems/too-many-requests",
            "title": "Too many requests",
            "status": 429,
            "detail": "Try again in 1800 seconds.",
        })
    );
}

#[actix_web::test]
async fn each_identity_has_a_quota_and_some_have_their_own() {
    let (ada, bob) = (("/api/x", "192.0.2.1", None), ("/api/x", "192.0.2.2", None));
    let rich = ("/api/x", "192.0.2.3", Some("7/60"));
    let seen = send("api=1/60", &[ada, ada, bob, rich, rich]).await;
    let statuses: Vec<u16> = seen.iter().map(|seen| seen.status.as_u16()).collect();
    assert_eq!(statuses, [200, 429, 200, 200, 200]);
    assert_eq!(seen[3].fields[0].as_deref(), Some(r#""api";q=7;w=60"#));
}

#[actix_web::test]
async fn what_is_not_limited_has_no_fields() {
    let probe = ("/health", "192.0.2.1", None);
    let (api, own) = (("/api/x", "192.0.2.1", None), ("/api/x", "192.0.2.1", Some("1/60")));
    for (policies, request) in [("api=1/60", probe), ("api=off", api), ("off", own)] {
        for seen in send(policies, &[request; 3]).await {
            assert_eq!(seen.status, StatusCode::OK, "{policies}");
            assert_eq!(seen.fields, [None, None, None], "{policies}");
        }
    }
    let seen = send("api=off", &[own; 2]).await;
    assert_eq!([seen[0].status, seen[1].status], [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS]);
}
