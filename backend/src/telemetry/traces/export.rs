//! Spans to the collector, by OTLP/HTTP ("OpenTelemetry Protocol 1.x", "OTLP/HTTP"): in batches, in
//! the background. What cannot be delivered is dropped and counted: spans are not worth memory.

use super::span;
use crate::config::Tracing;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prometheus::IntCounterVec;
use prost::Message;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use std::time::Duration;
use tokio::sync::mpsc;

/// Spans in one export.
const BATCH: usize = 512;
/// How long the first of a batch waits for the others.
const GATHER: Duration = Duration::from_secs(1);

/// What sends the spans.
pub(super) struct Exporter {
    pub(super) client: Client,
    pub(super) settings: Tracing,
    pub(super) spans: mpsc::Receiver<Span>,
    pub(super) counts: IntCounterVec,
}

impl Exporter {
    /// Works until nobody is left to bring a span.
    pub(super) async fn run(mut self) {
        let mut is_away = false;
        while let Some(batch) = self.gather().await {
            let count = batch.len() as u64;
            let outcome = self.send(batch).await;
            let label = if outcome.is_ok() { "exported" } else { "dropped" };
            self.counts.with_label_values(&[label]).inc_by(count);
            match outcome {
                Ok(()) if is_away => tracing::info!("the collector takes spans again"),
                Err(error) if !is_away => {
                    tracing::warn!(%error, "the collector does not take spans; they are dropped");
                }
                _ => {}
            }
            is_away = label == "dropped";
        }
    }

    /// The next spans; `None` at the end.
    async fn gather(&mut self) -> Option<Vec<Span>> {
        let mut batch = vec![self.spans.recv().await?];
        let rest = async {
            while batch.len() < BATCH {
                let Some(span) = self.spans.recv().await else { return };
                batch.push(span);
            }
        };
        // What came until then goes.
        let _ = tokio::time::timeout(GATHER, rest).await;
        Some(batch)
    }

    async fn send(&self, spans: Vec<Span>) -> Result<(), String> {
        let resource_spans = vec![span::batch(&self.settings.service_name, spans)];
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let request = self.client.post(self.settings.endpoint.clone());
        let request = request.header(CONTENT_TYPE, "application/x-protobuf").body(body);
        // The URL may hold credentials.
        let response = request.send().await.map_err(|error| error.without_url().to_string())?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answers {status}")) }
    }
}
