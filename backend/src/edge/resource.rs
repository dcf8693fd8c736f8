//! Routes by method, with the right answer for the wrong one.

use crate::error::{ApiError, Code};
use actix_web::guard::{self, Guard, GuardContext};
use actix_web::http::{Method, header};
use actix_web::{HttpResponse, Resource, ResponseError, Route, web};
use percent_encoding::{percent_decode, percent_decode_str};

/// A path with a handler for each method. Another method gets 405 with `Allow` (RFC 9110, 15.5.6);
/// `HEAD` goes where `GET` does. Every route is made here.
pub fn resource<const N: usize>(path: &str, routes: [(Method, Route); N]) -> Resource {
    let mut resource = web::resource(path).guard(guard::fn_guard(has_no_nul));
    let mut allow = Vec::new();
    for (method, route) in routes {
        allow.push(method.to_string());
        if method == Method::GET {
            allow.push(Method::HEAD.to_string());
        }
        resource = resource.route(route.guard(takes(method)));
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

/// What a path names is looked for in the database, where no text holds U+0000: PostgreSQL does not
/// even take the question. So such a path leads nowhere, as one with an unknown id. Actix decodes
/// twice, `%25` the second time alone: `%%30%30` is a NUL in the end, and `%2500` is none.
fn has_no_nul(context: &GuardContext<'_>) -> bool {
    let path = context.head().uri.path();
    if !path.contains('%') {
        return true;
    }
    let once: Vec<u8> = percent_decode_str(&path.replace("%25", "_")).collect();
    percent_decode(&once).all(|byte| byte != 0)
}

/// Not Actix's own guards, which note their methods in each request for an `Allow` of theirs.
fn takes(method: Method) -> impl Guard {
    guard::fn_guard(move |context| {
        let asked = &context.head().method;
        *asked == method || (*asked == Method::HEAD && method == Method::GET)
    })
}

/// For paths that lead nowhere.
pub async fn not_found() -> HttpResponse {
    ApiError::new(Code::NotFound, "There is nothing at this path.").error_response()
}
