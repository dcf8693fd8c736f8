//! Errors to Sentry: of each only what is ours and says nothing of anybody.
//!
//! What leaves is a list of what may, not what is left after hiding the rest: the level, the place in
//! the source, our own fixed message, and of a request its id, method, route pattern and status. The
//! cause of an error may quote what came in, so it stays in the log, under the request's id.

use crate::config::Telemetry;
use crate::outbound;
use sentry::protocol::{Event, Level};
use sentry::transports::{ReqwestHttpTransport, ReqwestHttpTransportOptions};
use sentry::{Client, ClientOptions, Transport, TransportFactory, TransportOptions};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// How long the process waits at its end for what is still to be sent.
const LAST: Duration = Duration::from_secs(2);
/// Reports a second at most: an outage is told in a few, not by each request.
const PER_SECOND: u64 = 5;
/// What is written in these modules is ours: their messages are fixed texts.
const OURS: [&str; 6] = ["researchflow", "hardening", "bus", "cache", "redis_link", "invocation"];
/// The fields that may leave; none holds what a client wrote.
const FIELDS: [&str; 5] = ["method", "route", "status", "location", "class"];

/// The way to Sentry; dropping it waits for what is still to be sent, two seconds at most.
pub struct Reports(Option<Arc<Client>>);

impl Reports {
    /// To the project that the settings name, if they name one.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub(super) fn start(settings: &Telemetry) -> Result<Self, String> {
        let Some(dsn) = &settings.sentry_dsn else { return Ok(Self(None)) };
        let mut options = ClientOptions::new()
            .release(concat!("researchflow@", env!("CARGO_PKG_VERSION")))
            .environment(settings.environment)
            .default_integrations(false)
            .transport(Sender(outbound::steady_client()?));
        options.dsn = Some(dsn.clone());
        options.server_name = settings.node.clone().map(Into::into);
        Ok(Self(Some(Arc::new(Client::with_options(options)))))
    }

    /// What hands errors over, if there is somebody to hand them to.
    pub(super) fn layer(&self) -> Option<ErrorLayer> {
        let client = Arc::clone(self.0.as_ref()?);
        Some(ErrorLayer { client, budget: Budget::default() })
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        let Some(client) = self.0.take() else { return };
        let (done, wait) = mpsc::channel();
        // The transport's own limit begins when its queue has room, so it is waited for apart.
        std::thread::spawn(move || done.send(client.flush(Some(LAST))));
        let _ = wait.recv_timeout(LAST);
    }
}

/// Makes the transport over our own client: with limits of time, and our TLS.
struct Sender(reqwest::Client);

impl TransportFactory for Sender {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let options = ReqwestHttpTransportOptions::from(options).with_client(self.0.clone());
        let transport: ReqwestHttpTransport = options.build();
        Arc::new(transport)
    }
}

/// So many reports in each second, and no more.
struct Budget {
    started: Instant,
    /// The second in the upper half, what was spent in it in the lower.
    spent: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { started: Instant::now(), spent: AtomicU64::new(0) }
    }
}

impl Budget {
    fn spend(&self) -> bool {
        self.spend_at(self.started.elapsed().as_secs())
    }

    fn spend_at(&self, second: u64) -> bool {
        let second = second << 32;
        let next = |spent: u64| match spent {
            spent if spent & !0xffff_ffff != second => Some(second + 1),
            spent if spent - second < PER_SECOND => Some(spent + 1),
            _ => None,
        };
        self.spent.try_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

/// The layer that sees each line of level `ERROR`.
pub(super) struct ErrorLayer {
    client: Arc<Client>,
    budget: Budget,
}

/// Whether the layer has to look: at errors, and at the span that has the request's id.
pub(super) fn is_wanted(metadata: &Metadata<'_>) -> bool {
    let is_request = metadata.is_span() && metadata.fields().field("request_id").is_some();
    is_request || (metadata.is_event() && *metadata.level() == tracing::Level::ERROR)
}

/// The request that a span is about.
struct RequestId(String);

impl<S> Layer<S> for ErrorLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields { names: &["request_id"], found: BTreeMap::new() };
        attributes.record(&mut fields);
        if let (Some(id), Some(span)) = (fields.found.remove("request_id"), context.span(id)) {
            span.extensions_mut().insert(RequestId(id));
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        // The hook in `panics.rs` has told of it already, and knows the place.
        if metadata.target() == "hardening::panics" || !self.budget.spend() {
            return;
        }
        let request_id = context.event_scope(event).and_then(|mut spans| {
            spans.find_map(|span| span.extensions().get::<RequestId>().map(|id| id.0.clone()))
        });
        let mut fields = Fields { names: &FIELDS, found: BTreeMap::new() };
        let mut message = Fields { names: &["message"], found: BTreeMap::new() };
        event.record(&mut fields);
        event.record(&mut message);
        let module = metadata.target().split(':').next().unwrap_or_default();
        let message = message.found.remove("message").filter(|_| OURS.contains(&module));
        let report = report(metadata, message, fields.found, request_id);
        self.client.capture_event(report, None);
    }
}

fn report(
    metadata: &Metadata<'_>,
    message: Option<String>,
    mut tags: BTreeMap<&'static str, String>,
    request_id: Option<String>,
) -> Event<'static> {
    let place = format!("{}:{}", metadata.target(), metadata.line().unwrap_or_default());
    // One issue for each kind of failure: the route and status of a request, the place of a panic.
    let mut kind = vec![place.clone()];
    kind.extend(tags.values().cloned());
    let transaction = match (tags.get("method"), tags.get("route")) {
        (Some(method), Some(route)) => Some(format!("{method} {route}")),
        _ => None,
    };
    let message = match (message, &transaction, tags.get("status")) {
        (_, Some(transaction), Some(status)) => format!("{transaction} answered {status}"),
        (Some(message), ..) => message,
        _ => "an error".to_owned(),
    };
    if let Some(request_id) = request_id {
        tags.insert("request_id", request_id);
    }
    Event {
        level: Level::Error,
        message: Some(message),
        transaction,
        logger: Some(metadata.target().to_owned()),
        culprit: Some(place),
        fingerprint: kind.into_iter().map(Into::into).collect::<Vec<_>>().into(),
        tags: tags.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Event::new()
    }
}

/// Takes the fields of these names, and no other.
struct Fields<'a> {
    names: &'a [&'a str],
    found: BTreeMap<&'static str, String>,
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.names.contains(&field.name()) {
            self.found.insert(field.name(), value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.names.contains(&field.name()) {
            self.found.insert(field.name(), format!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentry::Envelope;
    use std::sync::Mutex;
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Default)]
    struct Kept(Mutex<Vec<Event<'static>>>);

    impl Transport for Kept {
        fn send_envelope(&self, envelope: Envelope) {
            self.0.lock().unwrap().extend(envelope.event().cloned());
        }
    }

    /// What is reported of what `tell` logs.
    fn reported(tell: impl FnOnce()) -> Vec<Event<'static>> {
        let kept = Arc::new(Kept::default());
        let options =
            ClientOptions::new().dsn("https://key@sentry.example/7").transport(Arc::clone(&kept));
        let client = Arc::new(Client::with_options(options));
        let layer = ErrorLayer { client, budget: Budget::default() };
        let layer = layer.with_filter(filter_fn(is_wanted));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), tell);
        std::mem::take(&mut *kept.0.lock().unwrap())
    }

    #[test]
    fn a_panic_is_told_once_by_its_place() {
        let events = reported(|| {
            let span = tracing::info_span!("request", request_id = %"id-1", trace_id = %"t");
            let _inside = span.enter();
            tracing::error!(location = "api.rs:7:9", panic = "of Margaret", "a panic");
            tracing::error!(target: "hardening::panics", panic = "of Margaret", "a handler panicked");
            tracing::warn!("nothing to report");
        });
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event.message.as_deref(), Some("a panic"));
        let tags: Vec<_> = event.tags.iter().map(|(name, it)| (&**name, &**it)).collect();
        assert_eq!(tags, [("location", "api.rs:7:9"), ("request_id", "id-1")]);
        assert!(!format!("{event:?}").contains("Margaret"));
    }

    #[test]
    fn what_others_say_is_not_repeated() {
        let events = reported(|| {
            tracing::error!(target: "h2::codec", patient = "Margaret", "Margaret sent no frame");
        });
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event.message.as_deref(), Some("an error"));
        assert_eq!(event.logger.as_deref(), Some("h2::codec"));
        assert!(!format!("{event:?}").contains("Margaret"));
    }

    #[test]
    fn a_second_has_its_reports_and_no_more() {
        let budget = Budget::default();
        for second in [0, 1, 7] {
            let spent = (0..100).filter(|_| budget.spend_at(second)).count();
            assert_eq!(spent as u64, PER_SECOND, "in second {second}");
        }
    }
}
