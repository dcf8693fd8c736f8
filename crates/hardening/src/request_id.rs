//! The request's id: in the answer, in every log line, in every problem.

use crate::layer::{Given, Inner, Layer, finish_headers};
use crate::random::random_text;
use crate::trace_parent::TraceParent;
use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use tracing::Instrument;
use tracing::field::display;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client, in characters.
const LONGEST: usize = 128;

/// The request's id: the client's if it is sane, else ours. Every request inside of the layer
/// [`request_id`] has it as an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// An id of 1 to 128 letters, digits, `-`, `_` and `.`: nothing that a log line, a header or
    /// JSON could stumble over. `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let sane = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.');
        let sane = (1..=LONGEST).contains(&text.len()) && text.bytes().all(sane);
        sane.then(|| Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RequestId {
    /// The id that a request brings, if it is one, else a new one.
    pub(crate) fn of(headers: &HeaderMap, make: impl Fn() -> String) -> Self {
        let given = Given::of(headers, &X_REQUEST_ID).once();
        let id = given.and_then(Self::parse).or_else(|| Self::parse(&make()));
        id.unwrap_or_else(|| Self(random_text().into()))
    }

    /// Tells it in an answer.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(self.as_str()) {
            headers.insert(X_REQUEST_ID, value);
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The outermost layer: gives the request its [`RequestId`] and, if the caller told one, its
/// [`TraceParent`], runs all that is inside in a span `request` with both, and writes `X-Request-Id`
/// into the answer. `make` brings new ids; where it fails to bring a sane one, 128 random bits do.
///
/// The span is one for the whole request and has these two fields alone: what it costs is mostly
/// writing its fields down.
pub fn request_id<S, B>(make: impl Fn() -> String + 'static) -> impl Layer<S, B>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    let make = Rc::new(make);
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let make = Rc::clone(&make);
        async move {
            let id = RequestId::of(request.headers(), &*make);
            let trace = TraceParent::given(request.headers());
            // Neither has anything to escape.
            let trace_id = trace.as_ref().map(TraceParent::trace_text).map(display);
            let span = tracing::info_span!("request", request_id = %id, trace_id);
            request.extensions_mut().insert(id.clone());
            if let Some(trace) = trace {
                request.extensions_mut().insert(trace);
            }
            let outcome = async { next.call(request).await }.instrument(span).await;
            finish_headers(outcome, move |headers| id.write(headers))
        }
    })
}
