//! Counters and histograms, in a registry that the state holds, so that tests are alone.

use super::Registry;
use super::classes::Classes;
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{Metric, MetricFamily};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    TextEncoder,
};

/// The service's metrics. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    /// Answers by method, route pattern and status.
    pub requests: IntCounterVec,
    /// Seconds from request to answer, by route pattern.
    pub request_seconds: HistogramVec,
    /// Requests under way.
    pub in_flight: IntGauge,
    /// Requests by class, and those that failed or were slow.
    pub classes: Classes,
    /// Connections, and streams of HTTP/2, that were closed since their clients came or read too slowly.
    pub connections_closed: IntCounter,
    /// Changes of the TLS certificate's files, by outcome (`loaded`, `failed`).
    pub certificate_reloads: IntCounterVec,
    /// Events by source (`rest`, `otlp`) and outcome (`stored`, `duplicate`, `rejected`, `skipped`).
    pub events: IntCounterVec,
    /// Findings of the PHI gate by class.
    pub phi_findings: IntCounterVec,
    /// Texts that could not be scanned and were dropped.
    pub phi_failures: IntCounter,
    /// Events in one commit.
    pub commit_events: Histogram,
    /// Seconds that one commit took.
    pub commit_seconds: Histogram,
    /// Events whose call could not be priced.
    pub unpriced: IntCounter,
}

impl Metrics {
    /// A registry of its own with all of them.
    ///
    /// # Errors
    /// Two have the same name.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::default();
        registry.register(Box::new(ProcessCollector::for_self()))?;
        registry.register(Box::new(build_info()?))?;
        Ok(Self {
            classes: Classes::register(&registry)?,
            requests: registry.add(counters(
                "researchflow_http_requests_total",
                "HTTP answers, by the pattern of the path: unmatched if there is none, refused if there was too much to do, abandoned (499) if the client went away.",
                &["method", "route", "status"],
            ))?,
            request_seconds: registry.add(HistogramVec::new(
                HistogramOpts::new(
                    "researchflow_http_request_seconds",
                    "Time to answer a request.",
                )
                .buckets(vec![
                    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
                ]),
                &["route"],
            ))?,
            in_flight: registry.add(IntGauge::new(
                "researchflow_http_requests_in_flight",
                "Requests under way.",
            ))?,
            connections_closed: registry.add(IntCounter::new(
                "researchflow_connections_closed_total",
                "Connections, and streams of HTTP/2, closed since their clients came or read too slowly.",
            ))?,
            certificate_reloads: registry.add(counters(
                "researchflow_tls_certificate_reloads_total",
                "Changes of the TLS certificate's files.",
                &["outcome"],
            ))?,
            events: registry.add(counters(
                "researchflow_events_total",
                "Events taken in.",
                &["source", "outcome"],
            ))?,
            phi_findings: registry.add(counters(
                "researchflow_phi_findings_total",
                "Identifiers found by the PHI gate.",
                &["class"],
            ))?,
            phi_failures: registry.add(IntCounter::new(
                "researchflow_phi_failures_total",
                "Events with a text that could not be scanned and was dropped.",
            ))?,
            commit_events: registry.add(Histogram::with_opts(
                HistogramOpts::new("researchflow_ledger_commit_events", "Events in one commit.")
                    .buckets(vec![1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0]),
            ))?,
            commit_seconds: registry.add(Histogram::with_opts(
                HistogramOpts::new("researchflow_ledger_commit_seconds", "Time for one commit.")
                    .buckets(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0]),
            ))?,
            unpriced: registry.add(IntCounter::new(
                "researchflow_events_unpriced_total",
                "Model calls that the price table does not know.",
            ))?,
            registry,
        })
    }

    /// The registry, for others to add to.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Everything as Prometheus text.
    ///
    /// # Errors
    /// A metric cannot be written.
    pub fn encode(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Events stored since the start.
    pub fn stored(&self) -> u64 {
        let families = self.events.collect();
        let stored = |it: &&Metric| it.get_label().iter().any(|label| label.value() == "stored");
        let counters = families.iter().flat_map(MetricFamily::get_metric).filter(stored);
        counters.map(|it| it.get_counter().get_value() as u64).sum()
    }
}

fn build_info() -> prometheus::Result<IntGaugeVec> {
    let opts = Opts::new("researchflow_build_info", "1, with the version that runs.");
    let info = IntGaugeVec::new(opts, &["version"])?;
    info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    Ok(info)
}

fn counters(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
    IntCounterVec::new(Opts::new(name, help), labels)
}
