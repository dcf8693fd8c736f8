//! How long a million records take, and how much memory: `cargo run --release -p report --example million`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use invocation::{
    Admission, ContentPolicy, Count, Event, Gate, GovernanceMode, Record, Source, Timestamp,
};
use pricing::PriceTable;
use report::{Builder, LedgerProof, Scope};
use serde_json::json;
use std::error::Error;
use std::time::Instant;

const RECORDS: u64 = 1_000_000;
const RUNS: u64 = 10_000;
const TEMPLATES: u64 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut templates = templates()?;
    println!("before: {}", memory()?);
    let start = Instant::now();
    let mut builder = Builder::new(scope());
    for at in 0..RECORDS {
        let place = usize::try_from(at % TEMPLATES)?;
        let record = templates.get_mut(place).ok_or("no template")?;
        record.client_sequence = Count::new(at / RUNS);
        record.run_id = Some(format!("run-{}", at % RUNS).try_into()?);
        let mut entry = [0; 32];
        entry[..8].copy_from_slice(&at.to_be_bytes());
        builder.add(at, &entry, record);
    }
    println!("{RECORDS} adds: {:?}, {}", start.elapsed(), memory()?);
    let start = Instant::now();
    let report = builder.finish(proof());
    println!("finish: {:?}, {}", start.elapsed(), memory()?);
    let start = Instant::now();
    let (json, page) = (report.to_json()?, report.to_markdown());
    println!("JSON of {} and page of {} bytes: {:?}", json.len(), page.len(), start.elapsed());
    Ok(())
}

fn templates() -> Result<Vec<Record>, Box<dyn Error>> {
    let prices = PriceTable::vendored()?;
    let gate = Gate::new(ContentPolicy::HashOnly, GovernanceMode::Standard, &[1; 32]);
    let id = "event".to_owned().try_into()?;
    let new_event_id = || Clone::clone(&id);
    let admission = Admission {
        project_id: "p1",
        key_id: Some("k1"),
        source: Source::Rest,
        recorded_at: Timestamp::from_micros(1_795_000_000_000_000),
        prices: &prices,
        new_event_id: &new_event_id,
    };
    let template = |n: u64| -> Result<Record, Box<dyn Error>> {
        let event: Event = serde_json::from_value(json!({
            "operation": "chat", "provider": "openai", "model": format!("model-{}", n % 20),
            "tier": "mini", "agent": format!("agent-{}", n % 50), "stage": format!("stage-{}", n % 8),
            "status": if n.is_multiple_of(50) { "error" } else { "ok" },
            "latency_ms": 200 + n * 7919 % 5000, "time_to_first_token_ms": 50 + n * 31 % 400,
            "usage": {"input_tokens": 1000 + n, "output_tokens": 200},
            "cost_usd": "0.001234567",
        }))?;
        Ok(gate.admit(event, &admission))
    };
    (0..TEMPLATES).map(template).collect()
}

fn scope() -> Scope {
    Scope {
        project_id: "p1".to_owned(),
        project_name: "Million".to_owned(),
        governance_mode: GovernanceMode::Standard,
        content_policy: ContentPolicy::HashOnly,
        run_id: None,
        from: None,
        to: None,
    }
}

fn proof() -> LedgerProof {
    LedgerProof {
        log: "invocations".to_owned(),
        origin: "example.org/invocations".to_owned(),
        verifier_key: String::new(),
        checkpoint: String::new(),
        tree_size: RECORDS,
        inclusion_proofs: Vec::new(),
    }
}

/// Resident memory as Linux tells it.
fn memory() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().collect::<Vec<_>>().join(" "))
}
