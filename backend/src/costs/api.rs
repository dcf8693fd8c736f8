//! `GET …/costs`.

use super::remembered::{Question, answer};
use crate::auth::Action;
use crate::edge::{Query, in_order, resource};
use crate::error::ApiError;
use crate::insights::{Figures, GroupBy, Line};
use crate::projects::Access;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use invocation::Timestamp;
use pricing::Usd;
use serde::{Deserialize, Serialize};

/// The routes of a project, below `/api/v1/projects/{project}`.
pub fn project_routes(config: &mut web::ServiceConfig) {
    config.service(resource("/costs", [(Method::GET, web::to(costs))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(costs))]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CostQuery {
    #[serde(default = "by_model")]
    group_by: GroupBy,
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    to: Option<Timestamp>,
}

const fn by_model() -> GroupBy {
    GroupBy::Model
}

#[derive(Serialize, utoipa::ToSchema)]
struct CostItem {
    /// What the group has in common; null for those that have nothing there.
    key: Option<String>,
    /// How many invocations.
    invocations: i64,
    /// Input tokens of model calls.
    input_tokens: i64,
    /// Output tokens of model calls.
    output_tokens: i64,
    /// What the priced calls cost, in USD.
    #[schema(value_type = String)]
    cost_usd: Usd,
    /// Model calls that could not be priced.
    unpriced: i64,
}

impl CostItem {
    fn new(key: Option<String>, figures: &Figures) -> Self {
        Self {
            key,
            invocations: figures.invocations,
            input_tokens: figures.input_tokens,
            output_tokens: figures.output_tokens,
            cost_usd: Usd::from_nano(figures.cost_nano_usd),
            unpriced: figures.unpriced,
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Costs {
    /// The groups, by key.
    items: Vec<CostItem>,
    /// All of them together.
    total: CostItem,
}

impl Costs {
    /// The groups' and all together.
    pub(super) fn of(lines: Vec<Line>) -> Self {
        let add = |sum: Figures, more: &Figures| sum.saturating_plus(more);
        let total = lines.iter().map(|line| &line.figures).fold(Figures::default(), add);
        Self {
            items: lines.into_iter().map(|line| CostItem::new(line.key, &line.figures)).collect(),
            total: CostItem::new(None, &total),
        }
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        let keys = self.items.iter().filter_map(|item| item.key.as_ref()).map(String::len);
        (self.items.len() + 1) * size_of::<CostItem>() + keys.sum::<usize>()
    }
}

/// What the project's calls cost.
#[utoipa::path(get, path = "/api/v1/projects/{project}/costs", tag = "costs",
    params(("project" = String, Path, description = "Id or slug"),
        ("group_by" = Option<String>, Query, pattern = "^(model|tier|provider|agent|stage|run|key|day)$", description = "model (the default), tier, provider, agent, stage, run, key or day"),
        ("from" = Option<String>, Query, format = DateTime, description = "At this time or later"),
        ("to" = Option<String>, Query, format = DateTime, description = "Before this time")),
    responses((status = 200, description = "The costs", body = Costs)))]
async fn costs(
    state: web::Data<AppState>,
    access: Access,
    project: web::Path<String>,
    query: Query<CostQuery>,
) -> Result<HttpResponse, ApiError> {
    let project = access.project(&project, Action::ReadCosts).await?;
    let CostQuery { group_by, from, to } = query.into_inner();
    in_order(from, to)?;
    let (from, to) = (from.map(Timestamp::micros), to.map(Timestamp::micros));
    let question = Question { project_id: project.id.clone(), group_by, from, to };
    Ok(HttpResponse::Ok().json(&*answer(&state, question).await?))
}
