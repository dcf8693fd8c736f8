//! `researchflow seed`: sample data through the public API, as any client would send it.

use super::client::{Client, ClientArgs};
use super::{Failure, Verdict, say};
use rand::RngExt;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct SeedArgs {
    /// Where the service is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// PEM file of those who vouch for its certificate; without it those that this machine trusts.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// An API key with the scope `ingest`.
    #[arg(long, env = "RESEARCHFLOW_API_KEY", hide_env_values = true)]
    key: SecretString,
    /// The project, by id or slug.
    #[arg(long, default_value = "default")]
    project: String,
    /// How many runs to make.
    #[arg(long, default_value_t = 10)]
    runs: u32,
}

/// How long an answer may take.
const SECONDS: u64 = 30;

const STAGES: [(&str, &str, &str, &str); 4] = [
    ("search", "openai", "gpt-4o-mini", "librarian"),
    ("screen", "anthropic", "claude-3-5-haiku-20241022", "screener"),
    ("extract", "openai", "gpt-4o", "extractor"),
    ("synthesise", "anthropic", "claude-sonnet-4-5-20250929", "writer"),
];

pub(super) fn run(args: &SeedArgs) -> Verdict {
    let SeedArgs { url, ca, key, project, .. } = args;
    let client = Client::new(&ClientArgs {
        url: url.clone(),
        ca: ca.clone(),
        key: Some(key.clone()),
        timeout: SECONDS,
    })?;
    let path = format!("/api/v1/projects/{project}/invocations");
    let mut sent = 0;
    for _ in 0..args.runs {
        let events = run_events();
        sent += events.len();
        let answer = client.post_with_key(&path, &json!({ "events": events }));
        answer
            .and_then(|answer| answer.expect(200))
            .map_err(|error| Failure(format!("{url} does not take events: {error}")))?;
    }
    say(format_args!("{sent} events in {} runs were recorded.", args.runs));
    Ok(true)
}

fn run_events() -> Vec<Value> {
    let mut random = rand::rng();
    let run_id = format!("sample-{}", uuid::Uuid::now_v7());
    let calls = random.random_range(8..40);
    (0..calls)
        .map(|sequence: u64| {
            let (stage, provider, model, agent) = match sequence * 4 / calls {
                0 => STAGES[0],
                1 => STAGES[1],
                2 => STAGES[2],
                _ => STAGES[3],
            };
            let failed = random.random_range(0..20) == 0;
            json!({
                "run_id": run_id, "client_sequence": sequence + 1, "stage": stage, "agent": agent,
                "operation": "chat", "provider": provider, "model": model,
                "status": if failed { "error" } else { "ok" },
                "error_type": failed.then_some("timeout"),
                "latency_ms": random.random_range(200..9000),
                "usage": {
                    "input_tokens": random.random_range(200..6000),
                    "output_tokens": random.random_range(20..1200),
                },
                "input": "Summarise the outcome of study arm B for the patient with MRN 00482913.",
                "output": "The patient, seen on 03/14/2024, improved by 12 points.",
                "tags": ["sample"],
            })
        })
        .collect()
}
