//! Records as the service makes them, and the scope and proof that go with them.

use invocation::{
    Admission, ContentPolicy, Event, Gate, GovernanceMode, PhiAction, Record, Source, Timestamp,
};
use jsonschema::Validator;
use pricing::PriceTable;
use report::{Builder, InclusionProof, LedgerProof, Report, Scope};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// One dollar per million tokens in, two per million out.
const PRICES: &str = r#"{"version":"test-1","source":"","source_sha256":"","providers":[
    {"id":"acme","aliases":["acme"],"vendor_of":["m1*"],"fallbacks":[],"models":[
        {"id":"m1","match":["m1*"],"prices":[{"input":1000000000,"output":2000000000}]}]}]}"#;

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What the gate makes of an event, taken in `lag` seconds after it occurred.
pub(crate) fn record(event: Value, lag: i64) -> Record {
    let event: Event = serde_json::from_value(event).unwrap();
    let occurred = event.occurred_at.unwrap_or(time("2026-11-21T09:00:00Z"));
    let prices = PriceTable::parse(PRICES).unwrap();
    let gate = Gate::new(ContentPolicy::HashOnly, GovernanceMode::Standard, &[7; 32]);
    let admission = Admission {
        project_id: "p1",
        key_id: Some("k1"),
        source: Source::Rest,
        recorded_at: occurred.plus_micros(lag * 1_000_000),
        prices: &prices,
        new_event_id: &|| "made".to_owned().try_into().unwrap(),
    };
    let mut record = gate.admit(event, &admission);
    // These tests are about counting; what the scanner knows has tests of its own.
    record.phi_scan.detector_version = "scanner-1".to_owned();
    record
}

/// Twelve records: two runs and one record outside, every status, every way to have no cost.
pub(crate) fn dozen() -> Vec<Record> {
    let call = |run: &str, sequence: u64, minute: u64, more: Value| {
        let mut event = json!({
            "occurred_at": format!("2026-11-21T09:{minute:02}:00Z"), "run_id": run,
            "client_sequence": sequence, "operation": "chat", "provider": "acme", "model": "m1",
            "tier": "mini", "stage": "draft", "agent": "writer",
            "usage": {"input_tokens": 1000, "output_tokens": 500}, "latency_ms": 100 * minute,
        });
        let fields = event.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        fields.retain(|_, value| !value.is_null());
        record(event, 1)
    };
    let mut records = vec![
        call("r1", 1, 1, json!({"time_to_first_token_ms": 12.5})),
        call(
            "r1",
            2,
            2,
            json!({"usage": {"input_tokens": 2000, "output_tokens": 0, "cache_read_tokens": 1500}}),
        ),
        call(
            "r1",
            3,
            3,
            json!({"response_model": "m1-2026", "usage": {"input_tokens": 10, "output_tokens": 20, "reasoning_tokens": 5}}),
        ),
        call("r1", 5, 4, json!({"status": "error", "error_type": "timeout", "usage": {}})),
        call("r1", 5, 5, json!({"cost_usd": "0.25"})),
        call("r1", 9, 6, json!({"status": "blocked", "usage": {}, "stage": null})),
        call("r1", 10, 7, json!({"operation": "invoke_agent", "cost_usd": "0.5", "model": null})),
        call("r2", 0, 8, json!({"model": "home-grown", "provider": null, "tier": null})),
        call("r2", 1, 9, json!({"model": null, "provider": null, "status": "error"})),
        call("r2", 2, 10, json!({"agent": null})),
    ];
    records.push(record(
        json!({"occurred_at": "2026-11-21T08:00:00Z", "operation": "retrieval"}),
        301,
    ));
    records.push(record(
        json!({"occurred_at": "2026-11-21T09:20:00Z", "model": "m1", "latency_ms": 0.5}),
        300,
    ));
    records[8].spooled = true;
    let found = &mut records[9].phi_scan;
    found.classes = [("EMAIL".to_owned(), 2), ("NAME".to_owned(), 1)].into();
    found.action = PhiAction::Redacted;
    records[10].phi_scan.action = PhiAction::FailedClosed;
    records[11].source = Source::Otlp;
    records
}

pub(crate) fn scope() -> Scope {
    Scope {
        project_id: "p1".to_owned(),
        project_name: "Trial 12".to_owned(),
        governance_mode: GovernanceMode::Standard,
        content_policy: ContentPolicy::HashOnly,
        run_id: None,
        from: None,
        to: None,
    }
}

/// Shaped as a proof is; whether it holds is the ledger's business.
pub(crate) fn proof() -> LedgerProof {
    let hash = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=".to_owned();
    let inclusion = InclusionProof { index: 100, entry: hash.clone(), proof: vec![hash.clone()] };
    LedgerProof {
        log: "invocations".to_owned(),
        origin: "example.org/invocations".to_owned(),
        verifier_key: "example.org/invocations+1a2b3c4d+AQID".to_owned(),
        checkpoint: format!(
            "example.org/invocations\n2000\n{hash}\n\n— example.org/invocations AQID\n"
        ),
        tree_size: 2000,
        inclusion_proofs: vec![inclusion],
    }
}

/// The report on `records`, which stand at indexes 100, 101, … with entries 0, 1, …
pub(crate) fn report(scope: Scope, records: &[Record]) -> Report {
    let mut builder = Builder::new(scope);
    for (at, record) in records.iter().enumerate() {
        let mut entry = [0; 32];
        entry[..8].copy_from_slice(&(at as u64).to_be_bytes());
        builder.add(100 + at as u64, &entry, record);
    }
    builder.finish(proof())
}

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    jsonschema::draft202012::new(&serde_json::from_str(report::REPORT_SCHEMA).unwrap()).unwrap()
});

/// The faults that the published schema finds in a report's JSON.
pub(crate) fn faults(report: &Report) -> Vec<String> {
    let json = serde_json::from_slice(&report.to_json().unwrap()).unwrap();
    SCHEMA.iter_errors(&json).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}
