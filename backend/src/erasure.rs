//! Erasing projects 30 days after they were deleted, a piece at a time, so that nobody waits for
//! long, however much there is: each piece is one transaction and one act in the audit log.
//!
//! The newest invocations go first. What is left between two pieces is whole: each run begins with
//! its first invocation still, and what goes on erasing, this process or another, goes on from there.

use crate::audit::{self, Act, Actor};
use crate::db::{Conn, DbError};
use crate::error::ApiError;
use crate::invocations::Filter;
use crate::state::AppState;
use crate::{insights, invocations, projects, reports};
use std::time::Duration;

/// How often deleted projects are looked at.
const SWEEP: Duration = Duration::from_secs(3600);

/// How long a deleted project is kept, in microseconds.
const KEPT: i64 = 30 * 24 * 3600 * 1_000_000;

/// So many invocations go in one transaction: writers on SQLite wait for it.
const PIECE: usize = 1000;

/// Erases what is due, again and again.
pub async fn run(state: AppState) {
    loop {
        if let Err(error) = sweep(&state).await {
            let error = error.in_full();
            tracing::warn!(error, "deleted projects could not be erased; trying again later");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

async fn sweep(state: &AppState) -> Result<(), ApiError> {
    let before = state.clock.now().micros() - KEPT;
    for project_id in state.db.read(move |conn| due(conn, before)).await? {
        // One that cannot be erased keeps no other from it.
        if let Err(error) = erase(state, &project_id).await {
            let error = error.in_full();
            tracing::warn!(project_id, error, "a project could not be erased; trying again later");
        }
        state.cache.bump(&[reports::scope(&project_id)]).await;
    }
    Ok(())
}

/// Those deleted before then that are not erased, or that a node's disk has had events of since.
fn due(conn: &mut Conn, before: i64) -> Result<Vec<String>, ApiError> {
    let erased = projects::erased(conn)?;
    let mut due = Vec::new();
    for project_id in projects::deleted(conn, before)? {
        if !erased.contains(&project_id) || invocations::any_of(conn, &project_id)? {
            due.push(project_id);
        }
    }
    Ok(due)
}

async fn erase(state: &AppState, project_id: &str) -> Result<(), ApiError> {
    let id = project_id.to_owned();
    let all = state
        .db
        .read(move |conn| Ok::<_, DbError>(invocations::scan(conn, &id, &Filter::default())?));
    let mut left = all.await?;
    loop {
        let piece = left.split_off(left.len().saturating_sub(PIECE));
        let (inner, id, last) = (state.clone(), project_id.to_owned(), left.is_empty());
        state.db.write(move |conn| erase_piece(conn, &inner, &id, &piece, last)).await?;
        if last {
            return Ok(());
        }
    }
}

/// Everything of the project but invocations goes with the first piece of them.
fn erase_piece(
    conn: &mut Conn,
    state: &AppState,
    project_id: &str,
    piece: &[i64],
    last: bool,
) -> Result<(), ApiError> {
    // Whoever else erases it waits here for this piece, and finds it done. No more rollups are left
    // than invocations: each is of one at least.
    insights::erase(conn, project_id, PIECE)?;
    let first = projects::set_erased(conn, project_id)?;
    if first {
        reports::erase_project(conn, project_id)?;
    }
    let erasure = invocations::erase(conn, project_id, piece)?;
    if last {
        invocations::erase_rest(conn, project_id)?;
    }
    if first || erasure.records > 0 {
        let act = Act::ProjectErased { erasure };
        audit::append(conn, state, Actor::System, Some(project_id), act)?;
    }
    Ok(())
}
