//! From credentials to who it is.

use super::credential::{Credential, SecretHash, is_plausible_key, malformed};
use super::permissions::Scope;
use super::refusals::{Refusals, Refused};
use super::subject::{Owner, Presented, Stranger, count_owner};
use super::{enrolment, remembered, session};
use crate::audit::Actor;
use crate::config::RouteClass;
use crate::edge::class_of;
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};
use hardening::limits::{Limiter, Quota};
use hardening::{Inner, Layer};
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// An API key, which belongs to one project.
    Key {
        /// Its id.
        id: String,
        /// Its project.
        project_id: String,
        /// What it may be used for.
        scopes: Vec<Scope>,
        /// How often it may be used, if it has a quota of its own.
        quota: Option<Quota>,
    },
    /// A signed-in user.
    User {
        /// Their id.
        id: String,
        /// Whether they administer the whole service.
        is_admin: bool,
    },
}

impl Principal {
    /// Who sent a request, as authentication found.
    ///
    /// # Errors
    /// 401 if nobody did who is known.
    pub fn behind(request: &HttpRequest) -> Result<Arc<Self>, ApiError> {
        let known = request.extensions().get::<Arc<Self>>().map(Arc::clone);
        known.ok_or_else(|| {
            ApiError::new(Code::Unauthenticated, "Send an API key as a bearer token, or sign in.")
        })
    }

    /// As the audit log names them.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Key { id, .. } => Actor::Key(id.clone()),
            Self::User { id, .. } => Actor::User(id.clone()),
        }
    }
}

/// A handler that takes a principal answers 401 without one.
impl FromRequest for Principal {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::behind(request).map(Arc::unwrap_or_clone))
    }
}

/// How long it is remembered whose a credential was, for whom to count its requests on.
const OWNER_TTL: Duration = Duration::from_secs(3600);

/// So many credentials are remembered at most.
const OWNERS: usize = 100_000;

/// Looks keys up, and remembers whose credentials were found to be, and who was refused.
#[derive(Clone)]
pub struct Authenticator {
    owners: Arc<quick_cache::sync::Cache<SecretHash, (Arc<Owner>, Instant)>>,
    refusals: Refusals,
}

impl Default for Authenticator {
    fn default() -> Self {
        let owners = Arc::new(quick_cache::sync::Cache::new(OWNERS));
        Self { owners, refusals: Refusals::default() }
    }
}

impl Authenticator {
    /// Whose a credential was found to be within the hour.
    pub(super) fn owner(&self, hash: &SecretHash) -> Option<Arc<Owner>> {
        let (owner, until) = self.owners.get(hash)?;
        (Instant::now() < until).then_some(owner)
    }

    fn remember(&self, hash: SecretHash, principal: &Principal) {
        self.owners.insert(hash, (Arc::new(Owner::of(principal)), Instant::now() + OWNER_TTL));
    }

    async fn key(
        &self,
        state: &AppState,
        request: &ServiceRequest,
        hash: SecretHash,
    ) -> Result<Arc<Principal>, ApiError> {
        let brings_events = class_of(request.head()) == Some(RouteClass::Ingest);
        let is_plausible = || is_plausible_key(request.request());
        let found = remembered::key(state, hash, is_plausible, brings_events).await?;
        let now = state.clock.now().micros();
        let in_use = found.filter(|key| key.expires_at.is_none_or(|at| at > now));
        let key = in_use.ok_or_else(|| {
            self.owners.remove(&hash);
            ApiError::new(Code::Unauthenticated, "This API key is not valid.")
        })?;
        Ok(Arc::clone(&key.principal))
    }
}

/// Middleware: resolves credentials, if there are any. Wrong ones end here; missing ones are for
/// the handler to refuse. That somebody who is known was refused is sealed. A session whose id was
/// replaced has the new one in the answer.
pub fn authenticate<S, B>(callers: Callers) -> impl Layer<S, EitherBody<B>>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    from_fn(move |request, next| authenticated(callers.clone(), request, next))
}

/// What finds out who is calling. Cheap to clone.
#[derive(Clone)]
pub struct Callers(Rc<(AppState, Authenticator, Limiter<RouteClass>)>);

impl Callers {
    /// Of one worker.
    pub fn new(
        state: AppState,
        authenticator: Authenticator,
        limiter: Limiter<RouteClass>,
    ) -> Self {
        Self(Rc::new((state, authenticator, limiter)))
    }
}

async fn authenticated<B: MessageBody + 'static>(
    callers: Callers,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let (state, authenticator, limiter) = &*callers.0;
    let presented = Presented::with(state, authenticator, &request);
    let stranger = Stranger::of(limiter, &presented, &request);
    if let Some(refusal) = stranger.as_ref().and_then(Stranger::refused) {
        return Ok(request.into_response(refusal).map_into_right_body());
    }
    let resolved = match resolve(state, authenticator, &request, &presented).await {
        Ok(resolved) => resolved,
        Err(error) => {
            let mut answer = error.error_response();
            if let Some(stranger) = stranger.filter(|_| answer.status() == StatusCode::UNAUTHORIZED)
            {
                answer = stranger.count().await.unwrap_or(answer);
            }
            return Ok(request.into_response(answer).map_into_right_body());
        }
    };
    let (mut refusal, mut renewed, mut known) = (None, None, None);
    if let Some(Credentials { principal, session }) = resolved {
        refusal = count_owner(limiter, &presented, &principal).await;
        known = Some(Arc::clone(&principal));
        request.extensions_mut().insert(principal);
        if let Some(session) = session {
            let session::Resolved { signed_in, refused, renewed: cookie } = *session;
            if let Some(error) = refused {
                let wanted = enrolment::WANTED.to_owned();
                request.extensions_mut().insert(Refused { project_id: None, wanted });
                refusal = refusal.or_else(|| Some(error.error_response()));
            }
            renewed = cookie.map(Box::new);
            request.extensions_mut().insert(signed_in);
        }
    }
    let mut response = match refusal {
        Some(refusal) => request.into_response(refusal).map_into_right_body(),
        None => next.call(request).await?.map_into_left_body(),
    };
    if let Some(principal) = known {
        authenticator.refusals.note(state, &principal, &response);
    }
    // Whoever is refused keeps the session: its old id ends soon.
    if let Some(cookie) = renewed {
        session::offer(response.response_mut(), &cookie)?;
    }
    Ok(response)
}

/// Who is calling; in which session, if in one.
struct Credentials {
    principal: Arc<Principal>,
    session: Option<Box<session::Resolved>>,
}

async fn resolve(
    state: &AppState,
    authenticator: &Authenticator,
    request: &ServiceRequest,
    presented: &Presented,
) -> Result<Option<Credentials>, ApiError> {
    match presented.credential {
        Credential::Absent => Ok(None),
        Credential::Malformed => Err(malformed()),
        Credential::Key(hash) => {
            let principal = authenticator.key(state, request, hash).await?;
            if presented.owner.is_none() {
                authenticator.remember(hash, &principal);
            }
            Ok(Some(Credentials { principal, session: None }))
        }
        Credential::Session(hash) => {
            // Boxed, so that a request with a key does not carry it along.
            let resolved = Box::pin(session::resolve(state, hash, request)).await?;
            let Some(session) = resolved else {
                authenticator.owners.remove(&hash);
                return Ok(None);
            };
            let principal = session.signed_in.principal();
            if presented.owner.is_none() {
                authenticator.remember(hash, &principal);
            }
            let (principal, session) = (Arc::new(principal), Some(Box::new(session)));
            Ok(Some(Credentials { principal, session }))
        }
    }
}

/// For `idempotent`: the name under which the caller's answers are kept.
pub fn caller(request: &ServiceRequest) -> Option<String> {
    request.extensions().get::<Arc<Principal>>().map(|principal| principal.actor().label())
}
