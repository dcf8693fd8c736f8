//! `researchflow smoke`: the checks that follow a deployment, made as any client would make them.
//!
//! Without an API key nothing is written: is it alive and ready, does its edge behave, is its ledger
//! signed. With one that may `ingest` and `read`, one event goes all the way: it is sent twice,
//! read back, and proved against the signed checkpoint. It stays in the ledger, in the run `smoke`.

mod edge;
mod ledger;
mod probes;
mod round_trip;

use super::client::{Client, ClientArgs};
use super::{Failure, Verdict, say};
use serde::Serialize;
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub(super) struct SmokeArgs {
    #[command(flatten)]
    client: ClientArgs,
    /// The key's project, by id or slug.
    #[arg(long, default_value = "default")]
    project: String,
    /// The version that should answer.
    #[arg(long)]
    expect_version: Option<String>,
    /// Tell it as JSON.
    #[arg(long)]
    json: bool,
}

/// What a check found: a few words, or what is wrong.
type Finding = Result<String, String>;

/// A check and what came of it.
#[derive(Serialize)]
struct Outcome {
    check: &'static str,
    passed: bool,
    detail: String,
    milliseconds: u64,
}

type Check<'a> = (&'static str, Box<dyn FnOnce(&Client) -> Finding + 'a>);

pub(super) fn run(args: &SmokeArgs) -> Verdict {
    let client = Client::new(&args.client)?;
    let outcomes: Vec<Outcome> =
        checks(args, client.has_key()).into_iter().map(|it| run_one(it, &client)).collect();
    tell(&outcomes, args.json)
}

fn checks(args: &SmokeArgs, has_key: bool) -> Vec<Check<'_>> {
    let version = args.expect_version.as_deref();
    let mut checks: Vec<Check<'_>> = vec![
        ("alive", Box::new(move |client| probes::health(client, version))),
        ("ready", Box::new(probes::ready)),
        ("headers", Box::new(edge::headers)),
        ("problems", Box::new(edge::problems)),
        ("credentials", Box::new(edge::credentials)),
        ("openapi", Box::new(edge::openapi)),
        ("ledger invocations", Box::new(|client| ledger::checkpoint(client, "invocations"))),
        ("ledger audit", Box::new(|client| ledger::checkpoint(client, "audit"))),
    ];
    if has_key {
        checks.push(("record", Box::new(|client| round_trip::record(client, &args.project))));
        checks.push(("costs", Box::new(|client| round_trip::costs(client, &args.project))));
    }
    checks
}

fn run_one((check, make): Check<'_>, client: &Client) -> Outcome {
    let started = Instant::now();
    let finding = make(client);
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let passed = finding.is_ok();
    let (Ok(detail) | Err(detail)) = finding;
    Outcome { check, passed, detail, milliseconds }
}

fn tell(outcomes: &[Outcome], json: bool) -> Verdict {
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    if json {
        say(serde_json::to_string_pretty(outcomes).map_err(Failure::new)?);
        return Ok(failed == 0);
    }
    for Outcome { check, passed, detail, milliseconds } in outcomes {
        let mark = if *passed { "ok    " } else { "FAILED" };
        say(format_args!("{mark}  {check:<18}  {milliseconds:>5} ms  {detail}"));
    }
    say(match failed {
        0 => format!("All {} checks passed.", outcomes.len()),
        failed => format!("{failed} of {} checks failed.", outcomes.len()),
    });
    Ok(failed == 0)
}
