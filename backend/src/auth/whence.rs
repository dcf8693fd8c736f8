//! Where a request comes from.

use crate::audit::{Actor, Who};
use crate::edge::client_address;
use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest};
use hardening::RequestId;
use std::net::{IpAddr, Ipv6Addr};

/// The most of a browser's name that is kept.
const MAX_USER_AGENT: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone)]
pub(super) struct Whence {
    address: Option<IpAddr>,
    request_id: Option<String>,
    /// The browser, as it calls itself.
    pub(super) user_agent: String,
}

impl Whence {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let user_agent = request.headers().get(header::USER_AGENT);
        let user_agent = user_agent.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            address: client_address(request),
            request_id: request.extensions().get::<RequestId>().map(ToString::to_string),
            user_agent: user_agent.chars().take(MAX_USER_AGENT).collect(),
        }
    }

    /// Somebody who acts from there.
    pub(super) fn who(&self, actor: Actor) -> Who {
        Who { actor, address: self.address, request_id: self.request_id.clone() }
    }

    /// The address; empty if there is none.
    pub(super) fn address(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }

    /// What one customer of a provider has: an IPv4 address, or the /64 of an IPv6 address.
    pub(super) fn network(&self) -> String {
        match self.address {
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            _ => self.address(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_stands_for_its_network() {
        let network = |text: &str| {
            let address = Some(text.parse().unwrap());
            Whence { address, request_id: None, user_agent: String::new() }.network()
        };
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
