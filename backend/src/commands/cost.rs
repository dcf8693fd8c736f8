//! `researchflow cost report`.

use super::{Failure, OnDatabase, Verdict, say};
use crate::costs::{self, CostLine, GroupBy};
use crate::{db, projects};
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
    },
}

const HOUR: i64 = 3600 * 1_000_000;
const DAY: i64 = 24 * HOUR;

fn parse_span(text: &str) -> Result<i64, String> {
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
    let What::Report { today, since, project } = args.what;
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
            let lines = costs::breakdown(conn, project.as_deref(), by, from, None)?;
            table(title, &lines);
        }
        Ok::<_, Failure>(())
    })?;
    Ok(true)
}

fn table(title: &str, lines: &[CostLine]) {
    say(format_args!(
        "{:<40} {:>12} {:>14} {:>14} {:>16} {:>9}",
        title, "invocations", "input tokens", "output tokens", "cost USD", "unpriced"
    ));
    for line in lines {
        let cost = Usd::from_nano(line.cost_nano_usd.unwrap_or(0)).to_string();
        let key = line.key.as_deref().unwrap_or("-");
        let (input, output) = (line.input_tokens.unwrap_or(0), line.output_tokens.unwrap_or(0));
        let unpriced = line.unpriced.unwrap_or(0);
        say(format_args!(
            "{key:<40} {:>12} {input:>14} {output:>14} {cost:>16} {unpriced:>9}",
            line.invocations
        ));
    }
    say("");
}
