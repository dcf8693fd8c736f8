//! Answers that the app does not give: all that its layers would have written, at less than their cost.

use crate::cors::{Cors, Permits};
use crate::headers::SecurityHeaders;
use crate::problem::{PROBLEM_JSON, Problem};
use crate::problems::with_instance;
use crate::request_id::RequestId;
use actix_http::Response;
use actix_web::ResponseError;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use std::fmt;
use std::sync::Arc;

/// What every answer has, for those to whom the app does not answer: whoever is one too many, and
/// whoever sent no request.
#[derive(Clone)]
pub struct Outside {
    headers: SecurityHeaders,
    permits: Permits,
    make: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Outside {
    /// The headers of [`security_headers`] and [`cors`] with the same settings, and the request's id:
    /// the client's, or one of `make`.
    ///
    /// [`security_headers`]: crate::security_headers
    /// [`cors`]: crate::cors()
    pub fn new(
        headers: SecurityHeaders,
        sharing: &Cors,
        make: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self { headers, permits: Permits::of(sharing), make: Arc::new(make) }
    }

    /// The answer to a request that has the fields `asked`.
    pub(super) fn answer(
        &self,
        problem: &Written,
        asked: &HeaderMap,
        over_tls: bool,
    ) -> Response<BoxBody> {
        let id = RequestId::of(asked, &*self.make);
        let body = with_instance(problem.json.clone(), Some(&id));
        let mut response = Response::with_body(problem.status, BoxBody::new(body));
        let written = response.headers_mut();
        written.insert(CONTENT_TYPE, PROBLEM_JSON);
        self.permits.write(asked, written);
        self.headers.write(written, None, over_tls);
        id.write(written);
        response
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").finish_non_exhaustive()
    }
}

/// A problem as it is sent, but for its `instance`.
pub(super) struct Written {
    status: StatusCode,
    json: Bytes,
}

impl From<&Problem> for Written {
    fn from(problem: &Problem) -> Self {
        let json = serde_json::to_vec(problem).unwrap_or_default().into();
        Self { status: problem.status_code(), json }
    }
}
