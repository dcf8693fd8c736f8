//! Which limits a request counts on.

use crate::config::RouteClass;
use actix_web::dev::RequestHead;
use actix_web::http::{Method, header};
use hardening::serve::content_length;

/// Bytes: events in a larger body take longer to scan than a worker's thread may be kept.
pub const SMALL_BODY: usize = 4096;

/// Whether a request asks how the service is: that is never refused.
fn is_probe(path: &str) -> bool {
    matches!(path, "/health" | "/ready" | "/metrics")
}

/// What a request makes the service do, for the limit of requests at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It stores an event or a few.
    Ingest,
    /// It stores many events, whose texts are a core's work for milliseconds.
    Batch,
    /// It reads many rows: a page of a list, an export, sums, a report.
    Query,
    /// Anything else.
    Other,
}

impl Work {
    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Batch => "batch",
            Self::Query => "query",
            Self::Other => "other",
        }
    }
}

/// The kind of work that a request brings; probes bring none.
pub fn work_of(head: &RequestHead) -> Option<Work> {
    class_of(head).map(|class| match class {
        RouteClass::Ingest if is_small(head) => Work::Ingest,
        RouteClass::Ingest => Work::Batch,
        _ if reads_many(head.uri.path()) => Work::Query,
        _ => Work::Other,
    })
}

fn reads_many(path: &str) -> bool {
    const LARGE: [&str; 6] = ["invocations", "runs", "costs", "reports", "audit", "export"];
    path.rsplit_once('/').is_some_and(|(_, last)| LARGE.contains(&last))
}

/// Whether the body is said to be small. Of one that comes in chunks or is compressed nothing is
/// said.
fn is_small(head: &RequestHead) -> bool {
    let headers = head.headers();
    content_length(headers).is_some_and(|length| length <= SMALL_BODY as u64)
        && !headers.contains_key(header::CONTENT_ENCODING)
}

/// The class of a request; probes have none. A path that does not exist is limited as the API is:
/// searching for paths is no better than using them.
pub fn class_of(head: &RequestHead) -> Option<RouteClass> {
    match head.uri.path() {
        path if is_probe(path) => None,
        "/v1/traces" | "/api/public/otel/v1/traces" => Some(RouteClass::Ingest),
        path if head.method == Method::POST && is_invocations(path) => Some(RouteClass::Ingest),
        _ => Some(RouteClass::Api),
    }
}

/// Whether it is where a project's events are sent to.
fn is_invocations(path: &str) -> bool {
    let project = path.strip_prefix("/api/v1/projects/");
    project.and_then(|rest| rest.split_once('/')).is_some_and(|(_, rest)| rest == "invocations")
}
