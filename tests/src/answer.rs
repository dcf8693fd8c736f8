//! What came back, with the assertions that every test makes of it.

use serde_json::Value;
use ureq::http::HeaderMap;

/// An HTTP answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// `METHOD path` of the request, for the failure's text.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A field's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The cookie that it sets, as `name=value`.
    pub fn cookie(&self) -> Option<String> {
        let pair = self.header("set-cookie")?.split(';').next()?;
        Some(pair.to_owned())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `Null` when there is none.
    ///
    /// # Panics
    /// It is no JSON, or the status is another.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.text()))
    }

    /// Only the status, for bodies that are no JSON.
    ///
    /// # Panics
    /// It is another.
    #[track_caller]
    pub fn expect_status(&self, status: u16) {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
    }

    /// A problem that puts the blame on the request, whichever status says it best.
    ///
    /// # Panics
    /// It is none.
    #[track_caller]
    pub fn problem_4xx(&self) -> Value {
        assert!(
            (400..500).contains(&self.status),
            "{}: {}: {}",
            self.request,
            self.status,
            self.text()
        );
        self.problem(self.status)
    }

    /// The body as a problem (RFC 9457), which has every member that the specification names and
    /// the request's id as its instance.
    ///
    /// # Panics
    /// It is no such problem, or the status is another.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        let problem = self.expect(status);
        let kind = self.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("application/problem+json"), "{}: {kind}", self.request);
        assert_eq!(problem["status"], status, "{}: {problem}", self.request);
        for member in ["type", "title", "detail", "instance"] {
            let text = problem[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{}: no {member} in {problem}", self.request);
        }
        assert_eq!(problem["instance"].as_str(), self.header("x-request-id"), "{}", self.request);
        problem
    }

    /// A problem that names the field at `pointer`.
    ///
    /// # Panics
    /// It does not.
    #[track_caller]
    pub fn problem_at(&self, status: u16, pointer: &str) -> Value {
        let problem = self.problem(status);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let named = errors.iter().any(|error| error["pointer"] == pointer);
        assert!(named, "{}: {pointer} is not named in {problem}", self.request);
        problem
    }
}
