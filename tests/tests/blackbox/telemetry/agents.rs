//! What agents did, as metrics: of each invocation once, and of no more agents than there are series.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Database, Service, bodies, both};

both!(each_agents_work_is_counted_once, agents_beyond_a_hundred_share_a_series);

/// Values by series, such as `name{label="value"}`.
fn metrics(service: &Service) -> BTreeMap<String, f64> {
    let text = service.nobody().get("/metrics").text();
    let series = |line: &str| {
        let (series, value) = line.rsplit_once(' ')?;
        Some((series.to_owned(), value.parse().ok()?))
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(series).collect()
}

fn each_agents_work_is_counted_once(database: Database) {
    let service = Service::start(database);
    let started = "2026-11-20T10:00:00Z";
    let event = |id: &str, changes: Value| {
        bodies::with(bodies::with(bodies::event(id), json!({"occurred_at": started})), changes)
    };
    let events = json!({"events": [
        event("a", json!({})),
        event("b", json!({"latency_ms": 2000.0})),
        event("c", json!({"status": "error", "occurred_at": "2026-11-20T09:00:00Z"})),
        event("d", json!({"agent": null, "tier": "nano"})),
    ]});
    service.key().ingest(&events).expect(200);
    // Sent again, they are what they were.
    service.key().ingest(&events).expect(200);

    let metrics = metrics(&service);
    let value = |series: &str| metrics.get(series).copied();
    for (series, wanted) in [
        (r#"researchflow_agent_invocations_total{agent="screener",status="ok"}"#, 2.0),
        (r#"researchflow_agent_invocations_total{agent="screener",status="error"}"#, 1.0),
        (r#"researchflow_agent_tokens_total{agent="screener",type="input"}"#, 3600.0),
        (r#"researchflow_agent_tokens_total{agent="screener",type="output"}"#, 240.0),
        (r#"researchflow_agent_invocation_seconds_count{agent="screener"}"#, 3.0),
        (r#"researchflow_agent_invocation_seconds_bucket{agent="screener",le="1"}"#, 2.0),
        (r#"researchflow_agent_last_start_timestamp_seconds{agent="screener"}"#, 1_795_168_800.0),
        (
            r#"researchflow_agent_last_completion_timestamp_seconds{agent="screener"}"#,
            1_795_168_802.0,
        ),
        (r#"researchflow_tier_invocations_total{status="ok",tier="mini"}"#, 2.0),
        (r#"researchflow_tier_invocations_total{status="ok",tier="nano"}"#, 1.0),
    ] {
        assert_eq!(value(series), Some(wanted), "{series}: {metrics:#?}");
    }
    let cost = |series: &str| value(series).unwrap_or_else(|| panic!("{series}"));
    let of_agent = cost(r#"researchflow_agent_cost_usd_total{agent="screener"}"#);
    assert!((of_agent - cost(r#"researchflow_tier_cost_usd_total{tier="mini"}"#)).abs() < 1e-12);
    assert!(of_agent > 0.0);
}

fn agents_beyond_a_hundred_share_a_series(database: Database) {
    let service = Service::start(database);
    let event = |number: usize| {
        let agent = json!({"agent": format!("agent-{number:03}")});
        bodies::with(bodies::event(&format!("e{number}")), agent)
    };
    let events: Vec<Value> = (0..120).map(event).collect();
    service.key().ingest(&json!({"events": events})).expect(200);
    service.key().ingest(&json!({"events": [event(7), event(119), event(200)]})).expect(200);
    let metrics = metrics(&service);
    let of_agents = metrics
        .iter()
        .filter(|(series, _)| series.starts_with("researchflow_agent_invocations_total{"));
    let of_agents: BTreeMap<_, _> = of_agents.collect();
    assert_eq!((of_agents.len(), of_agents.values().copied().sum::<f64>()), (101, 121.0));
    let others = r#"researchflow_agent_invocations_total{agent="(others)",status="ok"}"#;
    assert_eq!(metrics.get(others), Some(&21.0));
}
