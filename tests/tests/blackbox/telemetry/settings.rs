//! Settings of telemetry that cannot be: told together, and without what they hold.

use tests::{Database, Service};

#[test]
fn what_cannot_be_is_told_together() {
    let refused = Service::builder(Database::sqlite())
        .env("SENTRY_DSN", "https://a-secret-key/without-a-project")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
        .env("OTEL_TRACES_SAMPLER_ARG", "1.5")
        .env("RESEARCHFLOW_SLOW_REQUESTS", "api=soon")
        .env("RESEARCHFLOW_ALERT_WINDOW_SECONDS", "5")
        .env("RESEARCHFLOW_NODE", "one node")
        .refused();
    assert_eq!(refused.code, 1, "{refused:?}");
    for name in [
        "SENTRY_DSN must",
        "OTEL_EXPORTER_OTLP_ENDPOINT must",
        "OTEL_TRACES_SAMPLER_ARG must",
        "RESEARCHFLOW_SLOW_REQUESTS must",
        "RESEARCHFLOW_ALERT_WINDOW_SECONDS must",
        "RESEARCHFLOW_NODE must",
    ] {
        assert!(refused.complaint.contains(name), "{name}: {}", refused.complaint);
    }
    assert!(!refused.complaint.contains("a-secret-key"), "{}", refused.complaint);
}
