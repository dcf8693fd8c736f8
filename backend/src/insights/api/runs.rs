//! Runs: the list, and each as a tree.

use crate::auth::Action;
use crate::db::Conn;
use crate::edge::{Cursor, ListPage, NoQuery, PageQuery, Query};
use crate::error::ApiError;
use crate::insights::{Figures, GroupBy, InsightsError, Scope, Unapplied, sums_beside};
use crate::invocations::{self, Facts};
use crate::projects::Access;
use crate::state::AppState;
use actix_web::{HttpResponse, web};
use cache::{Kind, Settings};
use invocation::{Millis, Timestamp};
use pricing::Usd;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// A tree holds this many invocations at most; a longer run is cut and says so.
const MAX_NODES: i64 = 10_000;

/// Runs, by page. Whoever stores events sees them here at once; those that another process stored,
/// within a second.
const RUNS: Kind<Name, ListPage<RunView>> =
    Kind::local("runs", Name::scopes, |page: &ListPage<RunView>| {
        page.items.len() * size_of::<RunView>()
    })
    .ttl(Settings::TRUST);

/// A run as a tree, in the same way.
const RUN: Kind<Name, RunTree> = Kind::local("run", Name::scopes, |run: &RunTree| {
    size_of::<RunTree>() + run.nodes * size_of::<Node>()
})
.ttl(Settings::TRUST)
.absent(Settings::TRUST);

/// A page of a project's runs, or one of them.
struct Name {
    project_id: String,
    what: String,
}

impl Name {
    fn scopes(&self) -> Vec<cache::Scope> {
        vec![invocations::scope(&self.project_id)]
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project_id, self.what)
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct RunView {
    /// The run's id.
    run_id: String,
    /// How many invocations it has.
    invocations: i64,
    /// How many of them failed.
    errors: i64,
    /// Input tokens of its model calls.
    input_tokens: i64,
    /// Output tokens of its model calls.
    output_tokens: i64,
    /// What its priced calls cost, in USD.
    #[schema(value_type = String)]
    cost_usd: Usd,
    /// How many model calls could not be priced.
    unpriced: i64,
    /// When its first invocation began.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_at: Option<Timestamp>,
    /// When its last invocation began.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
}

impl RunView {
    /// A run's figures; of one that is not there they are zero.
    fn read(
        conn: &mut Conn,
        unapplied: &Unapplied,
        project_id: &str,
        run_id: String,
    ) -> Result<Self, InsightsError> {
        let scope =
            Scope { project_id: Some(project_id), run_id: Some(&run_id), ..Scope::default() };
        let lines = sums_beside(conn, unapplied, scope, GroupBy::Project)?;
        let figures = lines.first().map_or(Figures::default(), |line| line.figures);
        let (first_at, last_at) = invocations::run_span(conn, project_id, &run_id)?;
        Ok(Self {
            run_id,
            invocations: figures.invocations,
            errors: figures.errors,
            input_tokens: figures.input_tokens,
            output_tokens: figures.output_tokens,
            cost_usd: Usd::from_nano(figures.cost_nano_usd),
            unpriced: figures.unpriced,
            first_at: first_at.map(Timestamp::from_micros),
            last_at: last_at.map(Timestamp::from_micros),
        })
    }
}

/// What its cursors are marked with.
const LIST: &str = "runs";

/// Runs, the newest first.
#[utoipa::path(get, path = "/api/v1/projects/{project}/runs", tag = "invocations",
    params(("project" = String, Path, description = "Id or slug"),
           ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "Items on a page"), ("cursor" = Option<String>, Query, description = "The page before's next_cursor")),
    responses((status = 200, description = "A page of runs", body = ListPage<RunView>)))]
pub(super) async fn list(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::ReadEvents).await?;
    let PageQuery { limit, cursor } = query.into_inner();
    let before = cursor.map(|cursor| cursor.numbers::<1>(LIST)).transpose()?.map(|[index]| index);
    let name = Name { project_id: project.id.clone(), what: format!("{before:?}/{}", limit.get()) };
    let read = move |conn: &mut _| {
        let runs = invocations::list_runs(conn, &project.id, before, limit.get())?;
        let last = runs.last().map_or(0, |(_, first_index)| *first_index);
        let unapplied = Unapplied::read(conn)?;
        let view = |(run_id, _)| RunView::read(conn, &unapplied, &project.id, run_id);
        let views = runs.into_iter().map(view).collect::<Result<Vec<_>, InsightsError>>()?;
        Ok::<_, ApiError>(Some(ListPage::new(views, limit, |_| {
            Cursor::of(LIST, [last.to_string()])
        })))
    };
    let db = state.db.clone();
    let page = state.cache.get(&RUNS, &name, move || async move { db.read(read).await }).await?;
    let page = page.ok_or_else(|| ApiError::internal("a page that is always there is not"))?;
    Ok(HttpResponse::Ok().json(&*page))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct RunTree {
    /// The run's figures.
    #[serde(flatten)]
    run: RunView,
    /// Whether there are more invocations than the tree shows.
    truncated: bool,
    /// How many there are in it.
    #[serde(skip)]
    nodes: usize,
    /// The invocations without a parent in this run, oldest first.
    #[schema(no_recursion)]
    roots: Vec<Node>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Node {
    /// The event's id.
    event_id: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// Its stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// How it ended.
    status: String,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    latency_ms: Option<Millis>,
    /// What it cost, in USD; null if it could not be priced.
    #[schema(value_type = Option<String>)]
    cost_usd: Option<Usd>,
    /// The invocations that it made, oldest first.
    #[schema(no_recursion)]
    children: Vec<Node>,
}

/// A run as a tree of its invocations.
#[utoipa::path(get, path = "/api/v1/projects/{project}/runs/{run}", tag = "invocations",
    params(("project" = String, Path, description = "Id or slug"), ("run" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The run", body = RunTree)))]
pub(super) async fn show(
    state: web::Data<AppState>,
    access: Access,
    path: web::Path<(String, String)>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let (project, run_id) = path.into_inner();
    let project = access.project(&project, Action::ReadEvents).await?;
    let name = Name { project_id: project.id.clone(), what: run_id.clone() };
    let read = move |conn: &mut _| {
        let facts = invocations::of_run(conn, &project.id, &run_id, MAX_NODES)?;
        if facts.is_empty() {
            return Ok::<_, ApiError>(None);
        }
        let unapplied = Unapplied::read(conn)?;
        let run = RunView::read(conn, &unapplied, &project.id, run_id)?;
        let truncated = run.invocations > facts.len() as i64;
        Ok(Some(RunTree { run, truncated, nodes: facts.len(), roots: grow(facts) }))
    };
    let db = state.db.clone();
    let run = state.cache.get(&RUN, &name, move || async move { db.read(read).await }).await?;
    Ok(HttpResponse::Ok().json(&*run.ok_or_else(|| ApiError::not_found("run"))?))
}

/// Deeper than this, children stand beside their parents: no client needs it, and a reader's stack
/// may not bear it.
const MAX_DEPTH: usize = 64;

/// Rows, oldest first, as trees. Whoever names no parent of this run is a root, and so is whatever
/// stands in a circle.
fn grow(facts: Vec<Facts>) -> Vec<Node> {
    let known: HashSet<String> = facts.iter().filter_map(|fact| fact.span_id.clone()).collect();
    let mut children: HashMap<String, Vec<Facts>> = HashMap::new();
    let mut roots = Vec::new();
    for fact in facts {
        match fact.parent_span_id.clone() {
            Some(parent) if known.contains(&parent) && fact.span_id.as_ref() != Some(&parent) => {
                children.entry(parent).or_default().push(fact);
            }
            _ => roots.push(fact),
        }
    }
    let mut trees: Vec<Node> = roots.into_iter().map(|fact| node(fact, &mut children, 0)).collect();
    let mut circular: Vec<Facts> = children.into_values().flatten().collect();
    circular.sort_by_key(|fact| (fact.occurred_at, fact.ledger_index));
    trees.extend(circular.into_iter().map(|fact| node(fact, &mut HashMap::new(), 0)));
    trees
}

fn node(fact: Facts, children: &mut HashMap<String, Vec<Facts>>, depth: usize) -> Node {
    let own = fact.span_id.as_ref().filter(|_| depth < MAX_DEPTH);
    let own = own.and_then(|id| children.remove(id)).unwrap_or_default();
    let children = own.into_iter().map(|child| node(child, children, depth + 1)).collect();
    Node {
        event_id: fact.event_id,
        occurred_at: Timestamp::from_micros(fact.occurred_at),
        stage: fact.stage,
        operation: fact.operation,
        model: fact.model,
        agent: fact.agent,
        status: fact.status,
        latency_ms: fact.latency_us.and_then(|us| Millis::from_micros(us as u64)),
        cost_usd: fact.cost_nano_usd.map(Usd::from_nano),
        children,
    }
}
