//! From credentials to who it is.

use super::permissions::Scope;
use super::{key, session, store};
use crate::audit::{Actor, Who};
use crate::edge::{Caller, RequestId};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError, body::MessageBody, web};
use base64::prelude::{BASE64_STANDARD, Engine};
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
    Who {
        actor,
        address: request.peer_addr().map(|peer| peer.ip()),
        request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()),
    }
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
}

impl Default for Authenticator {
    fn default() -> Self {
        Self {
            keys: moka::sync::Cache::builder().max_capacity(10_000).time_to_live(KEY_TTL).build(),
        }
    }
}

impl Authenticator {
    /// Forgets all keys, since one was revoked.
    pub fn forget_keys(&self) {
        self.keys.invalidate_all();
    }

    async fn key(&self, state: &AppState, text: &str) -> Result<Principal, ApiError> {
        let refused = || ApiError::new(Code::Unauthenticated, "This API key is not valid.");
        if !key::is_plausible(text) {
            return Err(refused());
        }
        let hash = key::hash(text);
        let known = match self.keys.get(&hash) {
            Some(known) => known,
            None => {
                let wanted = hash.clone();
                let row = state.db.read(move |conn| store::find_key(conn, &wanted)).await;
                let row = row.map_err(ApiError::from)?.ok_or_else(refused)?;
                let scopes = Scope::split(&row.scopes);
                let key = Principal::Key { id: row.id, project_id: row.project_id, scopes };
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
/// the handler to refuse.
pub async fn authenticate(
    state: web::Data<AppState>,
    authenticator: web::Data<Authenticator>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let principal = match resolve(&state, &authenticator, &request).await {
        Ok(principal) => principal,
        Err(error) => {
            return Ok(request.into_response(error.error_response()).map_into_right_body());
        }
    };
    if let Some(principal) = principal {
        request.extensions_mut().insert(Caller(principal.actor().label()));
        request.extensions_mut().insert(principal);
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}

async fn resolve(
    state: &AppState,
    authenticator: &Authenticator,
    request: &ServiceRequest,
) -> Result<Option<Principal>, ApiError> {
    if let Some(key) = api_key(request)? {
        return authenticator.key(state, &key).await.map(Some);
    }
    match session::cookie_of(request) {
        Some(cookie) => session::resolve(state, &cookie).await,
        None => Ok(None),
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
