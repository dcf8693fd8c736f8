//! The cached read of this slice: what a project's calls cost.
//!
//! Whoever stores events sees them here at once; those that another process stored, within a second.

use super::api::Costs;
use crate::error::ApiError;
use crate::insights::{GroupBy, Scope, sums};
use crate::invocations;
use crate::state::AppState;
use cache::{Kind, Settings};
use std::fmt;
use std::sync::Arc;

/// Costs, by what was asked.
const COSTS: Kind<Question, Costs> = Kind::local(
    "costs",
    |question: &Question| vec![invocations::scope(&question.project_id)],
    Costs::weight,
)
.ttl(Settings::TRUST);

/// What is asked: times are microseconds.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) project_id: String,
    pub(super) group_by: GroupBy,
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, group_by, from, to } = self;
        write!(f, "{project_id}/{group_by:?}/{from:?}/{to:?}")
    }
}

/// The costs.
pub(super) async fn answer(state: &AppState, question: Question) -> Result<Arc<Costs>, ApiError> {
    let (db, asked) = (state.db.clone(), question.clone());
    let sum = move |conn: &mut _| {
        let Question { project_id, group_by, from, to } = asked;
        let scope = Scope { project_id: Some(&project_id), run_id: None, from, to };
        Ok::<_, ApiError>(Some(Costs::of(sums(conn, scope, group_by)?)))
    };
    let costs = state.cache.get(&COSTS, &question, move || async move { db.read(sum).await });
    costs.await?.ok_or_else(|| ApiError::internal("costs that are always there are not"))
}
