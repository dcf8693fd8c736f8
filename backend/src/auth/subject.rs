//! Whose rate limit a request counts on, before it is known who is calling.
//!
//! A credential counts as what it was found to be when it was last looked up, within the hour. One
//! that was not found yet counts on the client's address, so that inventing keys gains nothing; if it
//! is found then, the request counts on its owner too.

use super::principal::{Authenticator, Principal, presented};
use crate::config::RouteClass;
use crate::edge::{class_of, client_address};
use crate::state::AppState;
use actix_web::dev::ServiceRequest;
use actix_web::{HttpMessage, HttpResponse};
use hardening::limits::{Identity, Limiter, Quota, Subject};
use std::sync::Arc;
use std::time::Duration;

/// Whose a credential was found to be.
#[derive(Debug)]
pub(super) struct Owner {
    identity: Identity,
    quota: Option<Quota>,
    is_user: bool,
}

impl Owner {
    pub(super) fn of(principal: &Principal) -> Self {
        match principal {
            Principal::Key { id, quota, .. } => {
                Self { identity: Identity::new("key", id), quota: *quota, is_user: false }
            }
            Principal::User { id, .. } => {
                Self { identity: Identity::new("user", id), quota: None, is_user: true }
            }
        }
    }

    fn subject(&self, class: RouteClass) -> Subject<RouteClass> {
        let class = match class {
            RouteClass::Api if self.is_user => RouteClass::Console,
            class => class,
        };
        Subject { class, identity: self.identity.clone(), quota: self.quota }
    }
}

/// The owners of credentials that were found, by the hash of the credential.
pub(super) type Owners = moka::sync::Cache<Vec<u8>, Arc<Owner>>;

/// Nobody yet.
pub(super) fn owners() -> Owners {
    let hour = Duration::from_secs(3600);
    moka::sync::Cache::builder().max_capacity(100_000).time_to_live(hour).build()
}

/// For `rate_limit`: whose quota a request counts on, and in which class.
pub fn subjects(
    state: AppState,
    authenticator: Authenticator,
) -> impl Fn(&ServiceRequest) -> Option<Subject<RouteClass>> + 'static {
    move |request| {
        let class = class_of(request)?;
        let owner = presented(&state, request).and_then(|hash| authenticator.owner(&hash));
        if let Some(owner) = owner {
            return Some(owner.subject(class));
        }
        request.extensions_mut().insert(CountedByAddress(class));
        let identity = Identity::address(client_address(request.request())?);
        Some(Subject { class, identity, quota: None })
    }
}

/// In a request's extensions: it was counted on its address, in this class.
#[derive(Debug, Clone, Copy)]
struct CountedByAddress(RouteClass);

/// Counts a request on whoever turned out to have sent it, unless that was known before. The answer,
/// if they have asked too often.
pub(super) async fn count_owner(
    limiter: &Limiter<RouteClass>,
    request: &ServiceRequest,
    principal: &Principal,
) -> Option<HttpResponse> {
    let CountedByAddress(class) = request.extensions().get().copied()?;
    let Subject { class, identity, quota } = Owner::of(principal).subject(class);
    let ruling = limiter.check(class, &identity, quota).await?;
    (!ruling.allowed()).then(|| ruling.refusal())
}
