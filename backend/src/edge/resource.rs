//! Routes by method, with the right answer for the wrong one.

use crate::error::{ApiError, Code};
use actix_web::http::{Method, header};
use actix_web::{HttpResponse, Resource, ResponseError, Route, guard, web};

/// A path with a handler for each method. Another method gets 405 with `Allow` (RFC 9110, 15.5.6);
/// `HEAD` goes where `GET` does.
pub fn resource<const N: usize>(path: &str, routes: [(Method, Route); N]) -> Resource {
    let mut resource = web::resource(path);
    let mut allow = Vec::new();
    for (method, route) in routes {
        allow.push(method.to_string());
        resource = if method == Method::GET {
            allow.push(Method::HEAD.to_string());
            resource.route(route.guard(guard::Any(guard::Get()).or(guard::Head())))
        } else {
            resource.route(route.method(method))
        };
    }
    let allow = allow.join(", ");
    resource.default_service(web::to(move || {
        let allow = allow.clone();
        async move {
            let error = ApiError::new(Code::MethodNotAllowed, format!("Use one of {allow}."));
            let mut response = error.error_response();
            if let Ok(value) = header::HeaderValue::from_str(&allow) {
                response.headers_mut().insert(header::ALLOW, value);
            }
            response
        }
    }))
}

/// For paths that lead nowhere.
pub async fn not_found() -> HttpResponse {
    ApiError::new(Code::NotFound, "There is nothing at this path.").error_response()
}
