//! OTLP trace requests → events.
//!
//! ```text
//! body ── decode ──▶ ExportTraceServiceRequest ── events ──▶ Batch of invocation::Event
//! ```
//!
//! Each SDK names its attributes in a dialect of its own. One table, [`TABLE`], says which
//! attribute fills which field; everything else here only reads it. What is or may be content goes
//! to the event's `input` and `output` or is dropped; what no row knows stays in `attributes`,
//! bounded in size, and passes the PHI gate like every other text.

mod bounded;
mod content;
mod decode;
mod dialect;
mod encoding;
mod found;
mod json;
mod json_scalars;
mod lookup;
mod names;
mod span;
mod span_events;
mod tree;
mod usage;
mod value;

pub use decode::{DecodeError, decode};
pub use dialect::{Dialect, Field, Reading, Row, TABLE};
pub use encoding::{Encoding, response};
pub use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use invocation::{Event, FieldProblem, Timestamp};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

/// What one request held.
#[derive(Debug, Default)]
pub struct Batch {
    /// Each AI span in order: its event, or why it cannot be one.
    pub events: Vec<Result<Event, Rejected>>,
    /// How many spans are no AI work.
    pub skipped: u64,
}

/// An AI span that makes no valid event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The trace id as it came, in hex.
    pub trace_id: String,
    /// The span id as it came, in hex.
    pub span_id: String,
    /// What is wrong; the pointer starts at the event.
    pub problem: FieldProblem,
}

/// Turns every AI span of a request into an event and counts the other spans. One bad span never
/// rejects its neighbours.
pub fn events(request: ExportTraceServiceRequest, now: Timestamp) -> Batch {
    let mut batch = Batch::default();
    for resource_spans in request.resource_spans {
        add(&mut batch, resource_spans, now);
    }
    batch
}

fn add(batch: &mut Batch, resource_spans: ResourceSpans, now: Timestamp) {
    let resource = span::Resource::new(resource_spans.resource.unwrap_or_default());
    for scope_spans in resource_spans.scope_spans {
        let scope = scope_spans.scope.unwrap_or_default().name;
        for span in scope_spans.spans {
            match span::event(span, &resource, &scope, now) {
                Some(event) => batch.events.push(event),
                None => batch.skipped += 1,
            }
        }
    }
}
