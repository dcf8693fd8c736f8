//! Each request as a span in the caller's trace, for an OpenTelemetry collector.
//!
//! OpenTelemetry's own SDK is not used: it reads the environment by itself, drops spans without
//! telling how many, and all that is needed here is one span a request.

mod export;
mod span;

use super::Registry;
use crate::clock::Clock;
use crate::config::Tracing;
use crate::outbound;
use export::Exporter;
use hardening::TraceParent;
use opentelemetry_proto::tonic::trace::v1::Span;
use prometheus::{IntCounterVec, Opts};
pub use span::{Answered, Began};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Spans that wait for their export.
const QUEUE: usize = 4096;
/// How long the process waits at its end for the last export.
const LAST: Duration = Duration::from_secs(2);

/// What traces requests. Cheap to clone.
#[derive(Clone)]
pub struct Traces(Arc<Inner>);

struct Inner {
    parent_decides: bool,
    /// The traces whose ids, as numbers, are below it are recorded.
    below: u64,
    server: String,
    clock: Clock,
    counts: IntCounterVec,
    queue: Mutex<Option<mpsc::Sender<Span>>>,
    exporter: Mutex<Option<JoinHandle<()>>>,
}

impl Traces {
    /// Starts the export; to be called on the runtime that outlives the others. `server` is the
    /// address that requests come to.
    ///
    /// # Errors
    /// The system's certificates cannot be read, or a metric is registered twice.
    pub fn start(
        settings: &Tracing,
        server: String,
        clock: Clock,
        registry: &Registry,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let counts = registry.add(IntCounterVec::new(
            Opts::new(
                "researchflow_trace_spans_total",
                "Spans of requests by what became of them (exported, dropped).",
            ),
            &["outcome"],
        ))?;
        let (queue, spans) = mpsc::channel(QUEUE);
        let exporter = Exporter {
            client: outbound::steady_client()?,
            settings: settings.clone(),
            spans,
            counts: counts.clone(),
        };
        Ok(Self(Arc::new(Inner {
            parent_decides: settings.parent_decides,
            below: (settings.share * u64::MAX as f64) as u64,
            server,
            clock,
            counts,
            queue: Mutex::new(Some(queue)),
            exporter: Mutex::new(Some(tokio::spawn(exporter.run()))),
        })))
    }

    /// What is remembered of a request that is to be traced, made in the span `parent`.
    pub fn begin(&self, parent: Option<TraceParent>) -> Option<Began> {
        let trace_id = parent.map_or_else(rand::random, |parent| parent.trace_id);
        let is_sampled = match parent {
            Some(parent) if self.0.parent_decides => parent.is_sampled,
            _ => self.is_in_share(trace_id),
        };
        let at = self.0.clock.now().micros().unsigned_abs() * 1000;
        is_sampled.then_some(Began { parent, trace_id, at })
    }

    /// By the end of the trace's id, so that all who see the trace decide alike.
    fn is_in_share(&self, trace_id: [u8; 16]) -> bool {
        let [.., a, b, c, d, e, f, g, h] = trace_id;
        self.0.below == u64::MAX || u64::from_be_bytes([a, b, c, d, e, f, g, h]) < self.0.below
    }

    /// Hands the span of an answered request over; drops it when there are too many.
    pub fn end(&self, began: Began, answered: Answered<'_>) {
        let span = began.span(rand::random(), answered, &self.0.server);
        let queue = lock(&self.0.queue);
        if queue.as_ref().is_none_or(|queue| queue.try_send(span).is_err()) {
            self.0.counts.with_label_values(&["dropped"]).inc();
        }
    }

    /// Exports what is left, for two seconds at most.
    pub async fn stop(&self) {
        drop(lock(&self.0.queue).take());
        let exporter = lock(&self.0.exporter).take();
        if let Some(exporter) = exporter {
            let _ = tokio::time::timeout(LAST, exporter).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
