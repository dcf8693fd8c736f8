//! The client's address, as far as it can be believed.

use crate::state::AppState;
use actix_web::{HttpRequest, web};
use std::net::IpAddr;

/// Where a request comes from, behind the proxies that are trusted; `None` if its connection has no
/// address.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let state = request.app_data::<web::Data<AppState>>()?;
    state.config.edge.proxies.client_of(request)
}
