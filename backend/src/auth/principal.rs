//! From credentials to who it is.

use super::permissions::Scope;
use super::store::keys::find_key;
use super::subject::{Owner, Owners, count_owner, owners};
use super::whence::Whence;
use super::{key, session};
use crate::audit::{Actor, Who};
use crate::config::RouteClass;
use crate::edge::Caller;
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError, body::MessageBody, web};
use base64::prelude::{BASE64_STANDARD, Engine};
use hardening::limits::{Limiter, Quota};
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

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
    /// As the audit log names them.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Key { id, .. } => Actor::Key(id.clone()),
            Self::User { id, .. } => Actor::User(id.clone()),
        }
    }
}

/// An actor, with where a request came from and its id.
pub fn who(request: &HttpRequest, actor: Actor) -> Who {
    Whence::of(request).who(actor)
}

/// A handler that takes a principal answers 401 without one.
impl FromRequest for Principal {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned();
        ready(known.ok_or_else(|| {
            ApiError::new(Code::Unauthenticated, "Send an API key as a bearer token, or sign in.")
        }))
    }
}

/// How long a key is believed without asking the database again. Revoking it here is at once;
/// elsewhere it ends within this time.
const KEY_TTL: Duration = Duration::from_millis(500);

/// Looks keys up, remembering them for a moment.
#[derive(Clone)]
pub struct Authenticator {
    keys: moka::sync::Cache<Vec<u8>, Arc<(Principal, Option<i64>)>>,
    owners: Owners,
}

impl Default for Authenticator {
    fn default() -> Self {
        Self {
            keys: moka::sync::Cache::builder().max_capacity(10_000).time_to_live(KEY_TTL).build(),
            owners: owners(),
        }
    }
}

impl Authenticator {
    /// Forgets all keys, since one was revoked.
    pub fn forget_keys(&self) {
        self.keys.invalidate_all();
    }

    /// Whose a credential was found to be, by its hash.
    pub(super) fn owner(&self, hash: &[u8]) -> Option<Arc<Owner>> {
        self.owners.get(hash)
    }

    async fn key(&self, state: &AppState, text: &str) -> Result<Principal, ApiError> {
        let refused = || ApiError::new(Code::Unauthenticated, "This API key is not valid.");
        let hash = key::hash(text);
        let known = match self.keys.get(&hash) {
            Some(known) => known,
            None if !key::is_plausible(text) => return Err(refused()),
            None => {
                let wanted = hash.clone();
                let row = state.db.read(move |conn| find_key(conn, &wanted)).await;
                let row = row.map_err(ApiError::from)?.ok_or_else(refused)?;
                let key = Principal::Key {
                    scopes: Scope::split(&row.scopes),
                    quota: row.quota.and_then(|quota| quota.parse().ok()),
                    id: row.id,
                    project_id: row.project_id,
                };
                self.owners.insert(hash.clone(), Arc::new(Owner::of(&key)));
                let known = Arc::new((key, row.expires_at));
                self.keys.insert(hash, Arc::clone(&known));
                known
            }
        };
        let (principal, expires_at) = &*known;
        if expires_at.is_some_and(|at| at <= state.clock.now().micros()) {
            return Err(refused());
        }
        Ok(principal.clone())
    }
}

/// Middleware: resolves credentials, if there are any. Wrong ones end here; missing ones are for
/// the handler to refuse. A session whose id was replaced has the new one in the answer.
pub async fn authenticate(
    state: web::Data<AppState>,
    authenticator: web::Data<Authenticator>,
    limiter: web::Data<Limiter<RouteClass>>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let resolved = match resolve(&state, &authenticator, &request).await {
        Ok(resolved) => resolved,
        Err(error) => {
            return Ok(request.into_response(error.error_response()).map_into_right_body());
        }
    };
    let (mut refusal, mut renewed) = (None, None);
    if let Some(Credentials { principal, session }) = resolved {
        refusal = count_owner(&limiter, &request, &principal).await;
        request.extensions_mut().insert(Caller(principal.actor().label()));
        request.extensions_mut().insert(principal);
        if let Some(session) = session {
            renewed = session.renewed;
            request.extensions_mut().insert(session.signed_in);
        }
    }
    let mut response = match refusal {
        Some(refusal) => request.into_response(refusal).map_into_right_body(),
        None => next.call(request).await?.map_into_left_body(),
    };
    // Whoever is refused keeps the session: its old id ends soon.
    if let Some(cookie) = renewed {
        session::offer(response.response_mut(), &cookie)?;
    }
    Ok(response)
}

/// Who is calling; in which session, if in one.
struct Credentials {
    principal: Principal,
    session: Option<session::Resolved>,
}

async fn resolve(
    state: &AppState,
    authenticator: &Authenticator,
    request: &ServiceRequest,
) -> Result<Option<Credentials>, ApiError> {
    if let Some(key) = api_key(request)? {
        let principal = authenticator.key(state, &key).await?;
        return Ok(Some(Credentials { principal, session: None }));
    }
    let Some(cookie) = session::cookie_in(state, request.request()) else { return Ok(None) };
    let Some(session) = session::resolve(state, &cookie).await? else { return Ok(None) };
    let principal = session.signed_in.principal();
    let hash = session::hash(&cookie);
    if !authenticator.owners.contains_key(&hash) {
        authenticator.owners.insert(hash, Arc::new(Owner::of(&principal)));
    }
    Ok(Some(Credentials { principal, session: Some(session) }))
}

/// The hash of the credential that a request carries, whether it is good or not.
pub(super) fn presented(state: &AppState, request: &ServiceRequest) -> Option<Vec<u8>> {
    match api_key(request) {
        Ok(Some(key)) => Some(key::hash(&key)),
        Ok(None) => session::hash_in(state, request.request()),
        Err(_) => None,
    }
}

/// The key in `Authorization: Bearer`, `x-api-key`, or as the password of HTTP Basic.
fn api_key(request: &ServiceRequest) -> Result<Option<String>, ApiError> {
    let malformed =
        || ApiError::new(Code::Unauthenticated, "The Authorization header cannot be read.");
    let headers = request.headers();
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        let key = headers.get("x-api-key").map(|key| key.to_str().map(str::to_owned));
        return key.transpose().map_err(|_| malformed());
    };
    let text = authorization.to_str().map_err(|_| malformed())?;
    let (scheme, value) = text.split_once(' ').ok_or_else(malformed)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(value.trim().to_owned()));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = BASE64_STANDARD.decode(value.trim()).map_err(|_| malformed())?;
        let pair = String::from_utf8(decoded).map_err(|_| malformed())?;
        return pair.split_once(':').map(|(_, key)| Some(key.to_owned())).ok_or_else(malformed);
    }
    Err(malformed())
}
