//! `researchflow dashboard`: how a running service is, in the terminal, live or once.
//!
//! ```text
//! /metrics ─ Sample ─┐
//! /metrics ─ Sample ─┴▶ Figures ─┐
//! /ready ───────────────────────┼▶ Screen ─ view ─▶ the terminal, or lines of text
//! costs, with a key ────────────┘
//! ```
//!
//! What the service tells anybody is enough, so it needs no credential and no database; figures a
//! second are the difference of two looks. With an API key it also shows what calls cost.

mod figures;
mod levels;
mod live;
mod sample;
mod screen;
mod view;

use super::client::{Client, ClientArgs};
use super::cost::parse_span;
use super::{Verdict, say};
use levels::Level;
use screen::Source;
use std::thread;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct DashboardArgs {
    #[command(flatten)]
    client: ClientArgs,
    /// Where its metrics are, if they are on a port of their own: `http://10.0.0.7:9090/metrics`.
    #[arg(long)]
    metrics: Option<String>,
    /// Look once, print it, and end: with code 1 if anything is critical.
    #[arg(long)]
    once: bool,
    /// Seconds between two looks.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    /// How far back costs go, such as 24h or 7d; they take an API key with the scope `read`.
    #[arg(long, default_value = "24h", value_parser = parse_span)]
    since: i64,
    /// The key's project, by id or slug.
    #[arg(long, default_value = "default")]
    project: String,
}

/// How many columns and lines a look takes that is printed.
const PRINTED: (u16, u16) = (110, 34);

pub(super) fn run(args: &DashboardArgs) -> Verdict {
    let source = Source::new(
        Client::new(&args.client)?,
        args.metrics.clone(),
        args.project.clone(),
        args.since,
    );
    let interval = Duration::from_secs(args.interval);
    if args.once { once(source, interval) } else { live::run(source, interval) }
}

/// Two looks, since one tells nothing of how much happens in a second.
fn once(mut source: Source, interval: Duration) -> Verdict {
    source.look();
    thread::sleep(interval);
    let screen = source.look();
    for line in view::text(&screen, PRINTED) {
        say(line);
    }
    Ok(screen.worst() != Level::Critical)
}
