//! The cached read of this slice: a report, which never changes once it is made.

use super::store::{self, Stored};
use crate::error::ApiError;
use crate::state::AppState;
use cache::{Kind, Scope};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A report. It ends with its project, and nothing else makes it old.
const REPORT: Kind<Name, Stored> =
    Kind::shared("report", |name: &Name| vec![scope(&name.project_id)])
        .ttl(Duration::from_secs(3600))
        .absent(Duration::ZERO);

#[derive(Clone)]
struct Name {
    project_id: String,
    id: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project_id, self.id)
    }
}

/// What ends with a project's reports.
pub fn scope(project_id: &str) -> Scope {
    Scope::new("reports", project_id)
}

/// A project's report.
pub(super) async fn find(
    state: &AppState,
    project_id: &str,
    id: String,
) -> Result<Option<Arc<Stored>>, ApiError> {
    let db = state.db.clone();
    let name = Name { project_id: project_id.to_owned(), id };
    let of = name.clone();
    let find = move |conn: &mut _| Ok::<_, ApiError>(store::find(conn, &of.project_id, &of.id)?);
    let load = move || async move { db.read(find).await };
    Ok(state.cache.get(&REPORT, &name, load).await?)
}
