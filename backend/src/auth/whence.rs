//! Where a request comes from.

use crate::audit::{Actor, Who};
use crate::edge::{TurnId, client_address};
use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest};
use hardening::RequestId;
use hardening::limits::network;
use std::net::IpAddr;

/// The most of a browser's name that is kept.
const MAX_USER_AGENT: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Whence {
    address: Option<IpAddr>,
    request_id: Option<RequestId>,
    turn: Option<TurnId>,
}

impl Whence {
    /// A request's.
    pub fn of(request: &HttpRequest) -> Self {
        let address = client_address(request);
        let extensions = request.extensions();
        let (request_id, turn) = (extensions.get().cloned(), extensions.get().cloned());
        Self { address, request_id, turn }
    }

    /// Somebody who acts from there.
    pub fn who(&self, actor: Actor) -> Who {
        let request_id = self.request_id.as_ref().map(ToString::to_string);
        Who { actor, address: self.address, request_id, turn: self.turn.clone() }
    }

    /// The address; empty if there is none.
    pub(super) fn address(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }

    /// What one subscriber of a provider has; empty if there is no address.
    pub(super) fn network(&self) -> String {
        self.address.map(network).unwrap_or_default()
    }
}

/// The browser that a request is from, as it calls itself.
pub(super) fn user_agent(request: &HttpRequest) -> String {
    let named = request.headers().get(header::USER_AGENT).and_then(|name| name.to_str().ok());
    named.unwrap_or_default().chars().take(MAX_USER_AGENT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_stands_for_its_network() {
        let network = |text: &str| {
            let address = Some(text.parse().unwrap());
            Whence { address, request_id: None, turn: None }.network()
        };
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
