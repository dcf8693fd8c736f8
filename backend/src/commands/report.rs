//! `researchflow report`.

use super::{Failure, OnDatabase, Verdict, say};
use crate::audit::{self, Actor};
use crate::projects::{self, Project};
use crate::reports::{self, Request, Stored};
use crate::{db, state::AppState};
use invocation::Timestamp;
use report::Report;

#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    on: OnDatabase,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a report of a run or a period, and print it.
    Create {
        /// The project, by id or slug.
        #[arg(long, default_value = "default")]
        project: String,
        /// The run.
        #[arg(long, required_unless_present_all = ["from", "to"])]
        run: Option<String>,
        /// Where the period starts (RFC 3339).
        #[arg(long, requires = "to")]
        from: Option<Timestamp>,
        /// Where it ends (RFC 3339).
        #[arg(long, requires = "from")]
        to: Option<Timestamp>,
        /// How to print it.
        #[arg(long, value_enum, default_value = "markdown")]
        format: Format,
    },
    /// Print a report that was made before.
    Show {
        /// The project, by id or slug.
        #[arg(long, default_value = "default")]
        project: String,
        /// The report's id.
        id: String,
        /// How to print it.
        #[arg(long, value_enum, default_value = "markdown")]
        format: Format,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Json,
    Markdown,
}

pub(super) fn run(args: ReportArgs) -> Verdict {
    let state = args.on.state()?;
    match args.what {
        What::Create { project, run, from, to, format } => {
            let request = Request { run_id: run, from, to };
            print(&create(&state, &project, &request)?, format)
        }
        What::Show { project, id, format } => print(&find(&state, &project, &id)?, format),
    }
}

fn create(state: &AppState, project: &str, request: &Request) -> Result<Stored, Failure> {
    let mut conn = state.db.connect()?;
    let stored = db::read(&mut conn, |conn| {
        let row = projects::find(conn, project)?
            .ok_or_else(|| Failure(format!("There is no project {project}.")))?;
        let project = Project::of(state, row)?;
        Ok::<_, Failure>(reports::make(conn, state, &project, request)?)
    })?;
    db::write(&mut conn, |conn| {
        let ((), act) = reports::keep(conn, &stored)?;
        let project_id = Some(stored.about.project_id.as_str());
        Ok::<_, Failure>(audit::append(conn, state, Actor::Operator, project_id, act)?)
    })?;
    Ok(stored)
}

fn find(state: &AppState, project: &str, id: &str) -> Result<Stored, Failure> {
    let mut conn = state.db.connect()?;
    db::read(&mut conn, |conn| {
        let row = projects::find(conn, project)?
            .ok_or_else(|| Failure(format!("There is no project {project}.")))?;
        reports::find(conn, &row.id, id)?
            .ok_or_else(|| Failure(format!("There is no report {id}.")))
    })
}

fn print(stored: &Stored, format: Format) -> Verdict {
    match format {
        Format::Json => say(&stored.body),
        Format::Markdown => {
            let report: Report = serde_json::from_str(&stored.body).map_err(Failure::new)?;
            say(report.to_markdown());
        }
    }
    Ok(true)
}
