//! One identity's way to the service.

use crate::Answer;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use ureq::http::Request;

/// The path of the project that the first start makes.
pub const PROJECT: &str = "/api/v1/projects/default";

/// An HTTP client with the credentials of one identity. Keeps its connections.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    credentials: Vec<(String, String)>,
    /// The session's cookie as a browser keeps it: the newest one counts, for all copies.
    cookie: Option<Arc<Mutex<String>>>,
}

impl Client {
    /// Without credentials, to `base` (`http://host:port`).
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self { agent: config.into(), base: base.to_owned(), credentials: Vec::new(), cookie: None }
    }

    /// With `Authorization: Bearer key` in the place of what it had.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        self.with("authorization", &format!("Bearer {key}"))
    }

    /// With one header field as its credentials.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let credentials = vec![(name.to_owned(), value.to_owned())];
        Self { credentials, cookie: None, ..self.clone() }
    }

    /// Signs in; the new client has the session, and says that it is no foreign page.
    ///
    /// # Panics
    /// The sign-in is refused.
    #[must_use]
    pub fn sign_in(&self, email: &str, password: &str) -> Self {
        self.sign_in_with(&json!({"email": email, "password": password}))
    }

    /// Signs in with all that `body` has.
    ///
    /// # Panics
    /// The sign-in is refused.
    #[must_use]
    pub fn sign_in_with(&self, body: &Value) -> Self {
        let answer = self.post("/api/v1/sessions", body);
        answer.expect(201);
        let cookie = answer.cookie().expect("a session cookie");
        let client = self.with("sec-fetch-site", "same-origin");
        Self { cookie: Some(Arc::new(Mutex::new(cookie))), ..client }
    }

    /// The session's cookie as it is now.
    ///
    /// # Panics
    /// There is no session.
    pub fn cookie(&self) -> String {
        let cookie = self.cookie.as_ref().expect("a session");
        cookie.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    /// Deletes.
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None)
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, body)
    }

    /// Sends JSON.
    pub fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let fields = [("content-type", "application/json")];
        self.send(method, path, &fields, Some(body.to_string().as_bytes()))
    }

    /// Posts bytes.
    pub fn post_bytes(&self, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send("POST", path, fields, Some(body))
    }

    /// Any request.
    ///
    /// # Panics
    /// No answer comes.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        self.try_send(method, path, fields, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Any request, to a service that may be gone.
    ///
    /// # Errors
    /// No whole answer came.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.credentials {
            request = request.header(name, value);
        }
        if self.cookie.is_some() {
            request = request.header("cookie", self.cookie());
        }
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => self.agent.run(request.body(body)?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let (head, mut body) = response.into_parts();
        let body = body.with_config().limit(u64::MAX).read_to_vec()?;
        let request = format!("{method} {path}");
        let status = head.status.as_u16();
        let answer = Answer { request, status, headers: head.headers, body };
        if let (Some(kept), Some(new)) = (&self.cookie, answer.cookie()) {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = new;
        }
        Ok(answer)
    }

    /// Posts events to the project `default`.
    pub fn ingest(&self, body: &Value) -> Answer {
        self.post(&format!("{PROJECT}/invocations"), body)
    }

    /// Every item of a list, page by page.
    ///
    /// # Panics
    /// A page is refused, or the pages never end.
    pub fn all(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), String::new());
        for _ in 0..10_000 {
            let page = self.get(&format!("{path}{joint}{cursor}")).expect(200);
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("cursor={next}"),
                None => return items,
            }
        }
        panic!("{path}: the pages never end");
    }
}
