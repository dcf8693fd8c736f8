//! Every error answer is a problem with the request's id, those of the framework too.

use super::RequestId;
use crate::error::{ApiError, Code, Problem};
use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody, to_bytes_limited};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;

const PROBLEM_JSON: &str = "application/problem+json";

/// Middleware: turns whatever failed into `application/problem+json` and fills in `instance`.
pub async fn problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return Ok(response);
    }
    let id = response.request().extensions().get::<RequestId>().map(|id| id.0.clone());
    let ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(PROBLEM_JSON.as_bytes()));
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let known = match to_bytes_limited(body, 64 * 1024).await {
        Ok(Ok(bytes)) if ours => serde_json::from_slice::<Problem>(&bytes).ok(),
        _ => None,
    };
    let general =
        || ApiError::new(Code::for_status(status), "The request cannot be served.").problem(None);
    let problem =
        Problem { instance: id, status: status.as_u16(), ..known.unwrap_or_else(general) };
    let kind = header::HeaderValue::from_static(PROBLEM_JSON);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    let body = serde_json::to_vec(&problem)?;
    Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(body))))
}
