//! `researchflow cost report`.

use super::{Failure, OnDatabase, Verdict, ledger, say};
use crate::db::{self, Conn};
use crate::insights::{self, GroupBy, Line, Scope, sums};
use crate::ledger::Log;
use crate::projects;
use crate::state::AppState;
use pricing::Usd;

#[derive(Debug, clap::Args)]
pub(super) struct CostArgs {
    #[command(flatten)]
    on: OnDatabase,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Costs by model, tier and project.
    Report {
        /// Only today (UTC).
        #[arg(long, conflicts_with = "since")]
        today: bool,
        /// Only the last while, such as 12h or 7d.
        #[arg(long, value_parser = parse_span)]
        since: Option<i64>,
        /// Only this project, by id or slug.
        #[arg(long)]
        project: Option<String>,
        /// Check every rollup against the invocations, and these against the ledger.
        #[arg(long)]
        verify: bool,
    },
}

const HOUR: i64 = 3600 * 1_000_000;
const DAY: i64 = 24 * HOUR;

/// Microseconds.
pub(super) fn parse_span(text: &str) -> Result<i64, String> {
    let fault = || "must be a number with h or d, such as 12h or 7d".to_owned();
    let unit = if text.ends_with('h') {
        HOUR
    } else if text.ends_with('d') {
        DAY
    } else {
        return Err(fault());
    };
    let number = text.trim_end_matches(['h', 'd']).parse::<u32>().map_err(|_| fault())?;
    Ok(i64::from(number).saturating_mul(unit))
}

pub(super) fn run(args: CostArgs) -> Verdict {
    let What::Report { today, since, project, verify } = args.what;
    let state = args.on.state()?;
    let now = state.clock.now().micros();
    let from = if today { Some(now - now.rem_euclid(DAY)) } else { since.map(|span| now - span) };
    let mut conn = state.db.connect()?;
    db::read(&mut conn, |conn| {
        let project = match project {
            None => None,
            Some(name) => {
                let row = projects::find(conn, &name)?;
                Some(row.ok_or_else(|| Failure(format!("There is no project {name}.")))?.id)
            }
        };
        for (title, by) in
            [("model", GroupBy::Model), ("tier", GroupBy::Tier), ("project", GroupBy::Project)]
        {
            let scope = Scope { project_id: project.as_deref(), from, ..Scope::default() };
            table(title, &sums(conn, scope, by)?);
        }
        if verify { check(conn, &state) } else { Ok(true) }
    })
}

/// Rollups against invocations, and invocations against the ledger. It is a check of all of them,
/// whichever the report is of.
fn check(conn: &mut Conn, state: &AppState) -> Verdict {
    let found = insights::recount(conn)?;
    say(format_args!(
        "{} invocations recounted, {} of them not in rollups yet; {} rollups checked",
        found.invocations, found.unapplied, found.rollups
    ));
    found.faults.iter().for_each(|fault| say(format_args!("  {fault}")));
    let outcomes = ledger::verify(conn, state, Some(Log::Invocations), &[], Vec::new())?;
    let sound = ledger::tell(&outcomes, false)?;
    Ok(sound && found.faults.is_empty())
}

fn table(title: &str, lines: &[Line]) {
    say(format_args!(
        "{:<40} {:>12} {:>14} {:>14} {:>16} {:>9}",
        title, "invocations", "input tokens", "output tokens", "cost USD", "unpriced"
    ));
    for line in lines {
        let (key, figures) = (line.key.as_deref().unwrap_or("-"), &line.figures);
        let cost = Usd::from_nano(figures.cost_nano_usd).to_string();
        say(format_args!(
            "{key:<40} {:>12} {:>14} {:>14} {cost:>16} {:>9}",
            figures.invocations, figures.input_tokens, figures.output_tokens, figures.unpriced
        ));
    }
    say("");
}
