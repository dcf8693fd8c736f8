//! Whose rate limit a request counts on, before it is known who is calling.
//!
//! A credential counts as what it was found to be when it was last looked up, within the hour. One
//! that was not found yet counts on the client's address, so that inventing keys gains nothing; if it
//! is found then, the request counts on its owner too.
//!
//! A fleet that begins to send events from one address brings many keys at once that were not found
//! yet, so these count as events there. Whoever turns out to have invented theirs is a [`Stranger`].

use super::credential::Credential;
use super::principal::{Authenticator, Principal};
use crate::config::RouteClass;
use crate::edge::{class_of, client_address};
use crate::state::AppState;
use actix_web::dev::ServiceRequest;
use actix_web::{HttpMessage, HttpResponse};
use hardening::limits::{Identity, Limiter, Quota, Ruling, Subject};
use std::sync::Arc;

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

/// In a request's extensions: its credential, and whose it is remembered to be.
#[derive(Debug, Clone)]
pub(super) struct Presented {
    pub(super) credential: Credential,
    pub(super) owner: Option<Arc<Owner>>,
    /// The class in which the request was counted on its address.
    by_address: Option<RouteClass>,
}

impl Presented {
    fn of(state: &AppState, authenticator: &Authenticator, request: &ServiceRequest) -> Self {
        let credential = Credential::of(state, request.request());
        let owner = credential.hash().and_then(|hash| authenticator.owner(hash));
        Self { credential, owner, by_address: None }
    }

    /// What the rate limit found; else, where nothing is limited, what is there now.
    pub(super) fn with(
        state: &AppState,
        authenticator: &Authenticator,
        request: &ServiceRequest,
    ) -> Self {
        let found = request.extensions().get::<Self>().cloned();
        found.unwrap_or_else(|| Self::of(state, authenticator, request))
    }

    /// The class in which a request counts on its address, of those that its route is in.
    fn class_of_stranger(&self, class: RouteClass) -> RouteClass {
        match (class, self.credential) {
            (RouteClass::Ingest, Credential::Key(_)) => RouteClass::Ingest,
            (RouteClass::Ingest, _) => RouteClass::Api,
            (class, _) => class,
        }
    }
}

/// An address that sends events with a key that was not found yet. If it is none, the request counts
/// there as one of the API as well.
pub(super) struct Stranger<'a> {
    limiter: &'a Limiter<RouteClass>,
    address: Identity,
}

impl<'a> Stranger<'a> {
    pub(super) fn of(
        limiter: &'a Limiter<RouteClass>,
        presented: &Presented,
        request: &ServiceRequest,
    ) -> Option<Self> {
        let class = presented.by_address?;
        if presented.class_of_stranger(class) != RouteClass::Ingest {
            return None;
        }
        let address = client_address(request.request()).map(Identity::address)?;
        Some(Self { limiter, address })
    }

    /// The answer, if too many of its keys were none: nobody looks for this one then.
    pub(super) fn refused(&self) -> Option<HttpResponse> {
        refusal(self.limiter.look(RouteClass::Api, &self.address))
    }

    /// Its key is none. The answer, if that happened too often.
    pub(super) async fn count(&self) -> Option<HttpResponse> {
        refusal(self.limiter.check(RouteClass::Api, &self.address, None).await)
    }
}

fn refusal(ruling: Option<Ruling>) -> Option<HttpResponse> {
    ruling.filter(|ruling| !ruling.allowed()).map(|ruling| ruling.refusal())
}

/// For `rate_limit`: whose quota a request counts on, and in which class.
pub fn subjects(
    state: AppState,
    authenticator: Authenticator,
) -> impl Fn(&ServiceRequest) -> Option<Subject<RouteClass>> + 'static {
    move |request| {
        let class = class_of(request.head())?;
        let mut presented = Presented::of(&state, &authenticator, request);
        let subject = match &presented.owner {
            Some(owner) => Some(owner.subject(class)),
            None => {
                presented.by_address = Some(class);
                let class = presented.class_of_stranger(class);
                let identity = client_address(request.request()).map(Identity::address);
                identity.map(|identity| Subject { class, identity, quota: None })
            }
        };
        request.extensions_mut().insert(presented);
        subject
    }
}

/// Counts a request on whoever turned out to have sent it, unless that was known before. The answer,
/// if they have asked too often.
pub(super) async fn count_owner(
    limiter: &Limiter<RouteClass>,
    presented: &Presented,
    principal: &Principal,
) -> Option<HttpResponse> {
    let class = presented.by_address?;
    let Subject { class, identity, quota } = Owner::of(principal).subject(class);
    refusal(limiter.check(class, &identity, quota).await)
}
