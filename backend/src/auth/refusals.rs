//! Whoever is known and is refused leaves a trace in the audit log.

use super::principal::Principal;
use super::whence::Whence;
use crate::audit::{self, Act};
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpMessage;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use hardening::CrossSite;
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Set among a request's extensions: what its caller was refused, and where, if that is theirs to know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The project.
    pub project_id: Option<String>,
    /// What they wanted.
    pub wanted: String,
}

/// Who was refused what within the hour.
#[derive(Clone)]
pub(super) struct Refusals(Arc<Cache<(String, Refused), Instant>>);

/// So many are remembered at most, and for so long.
const REFUSALS: usize = 100_000;
const TTL: Duration = Duration::from_secs(3600);

impl Default for Refusals {
    fn default() -> Self {
        Self(Arc::new(Cache::new(REFUSALS)))
    }
}

impl Refusals {
    /// Seals that `principal` was refused, if that is what `response` says: the first time in an hour,
    /// since the log never forgets and nobody may fill it; and beside the answer, whose time must not
    /// tell what there is.
    pub(super) fn note<B>(
        &self,
        state: &AppState,
        principal: &Principal,
        response: &ServiceResponse<B>,
    ) {
        let Some(refused) = refused(principal, response) else { return };
        let actor = principal.actor();
        let what = (actor.label(), refused);
        if !self.is_first(&what) {
            return;
        }
        let who = Whence::of(response.request()).who(actor);
        let (state, refusals) = (state.clone(), self.clone());
        actix_web::rt::spawn(async move {
            let Refused { project_id, wanted } = &what.1;
            let act = Act::AccessRefused { wanted: wanted.clone() };
            let seal = move |_: &mut _| Ok::<_, ApiError>(((), act));
            if let Err(error) = audit::write(&state, who, project_id.as_deref(), seal).await {
                // The next is the first, then.
                refusals.0.remove(&what);
                tracing::warn!(error = error.in_full(), wanted, "a refusal could not be sealed");
            }
        });
    }

    /// Whether this is the first within the hour.
    fn is_first(&self, what: &(String, Refused)) -> bool {
        let now = Instant::now();
        let known = self.0.entry(what, None, |_, noted| {
            let is_first = now >= *noted + TTL;
            if is_first {
                *noted = now;
            }
            EntryAction::Retain(is_first)
        });
        match known {
            EntryResult::Retained(is_first) => is_first,
            EntryResult::Vacant(place) => place.insert(now).is_ok(),
            EntryResult::Removed(..) | EntryResult::Replaced(..) | EntryResult::Timeout => false,
        }
    }
}

/// What routes are asked by, `HEAD` as `GET`. Any other name of a method is the client's own text.
const METHODS: [Method; 5] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// What was refused. Where nobody said so, it is what the request is for, by its path's pattern. What
/// another site made a browser ask is not its user's.
fn refused<B>(principal: &Principal, response: &ServiceResponse<B>) -> Option<Refused> {
    // What is not theirs looks like what there is not.
    if !matches!(response.status(), StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
        return None;
    }
    let request = response.request();
    if let Some(refused) = request.extensions().get::<Refused>() {
        return Some(refused.clone());
    }
    let is_theirs = response.response().extensions().get::<CrossSite>().is_none();
    let is_forbidden = response.status() == StatusCode::FORBIDDEN;
    let pattern = request.match_pattern().filter(|_| is_forbidden && is_theirs)?;
    let method = match request.method() {
        &Method::HEAD => &Method::GET,
        method => METHODS.iter().find(|known| *known == method)?,
    };
    let project_id = match principal {
        Principal::Key { project_id, .. } => Some(project_id.clone()),
        Principal::User { .. } => None,
    };
    Some(Refused { project_id, wanted: format!("{method} {pattern}") })
}
