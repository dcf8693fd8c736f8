//! The client's address, as far as it can be believed.

use crate::state::AppState;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, web};
use std::net::IpAddr;

#[derive(Debug, Clone, Copy)]
struct Client(IpAddr);

/// Middleware: finds out where the request comes from, behind the proxies that are trusted.
pub async fn locate(
    state: web::Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if let Some(address) = state.config.edge.proxies.client_of(&request) {
        request.extensions_mut().insert(Client(address));
    }
    next.call(request).await
}

/// The client's address; `None` if its connection has none.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    request.extensions().get::<Client>().map(|client| client.0)
}
