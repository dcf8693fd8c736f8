//! The two pages for people: what is running, and what the API has. Plain HTML, no script.

use crate::db::Kind;
use crate::edge::{BodyLimit, CSP_REPORTS, read_body, resource};
use crate::error::{ApiError, Code};
use crate::openapi;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use std::fmt::Write;

/// The start page and its style sheet.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/", [(Method::GET, web::to(home))]))
        .service(resource("/style.css", [(Method::GET, web::to(style))]))
        .service(resource(CSP_REPORTS, [(Method::POST, web::to(csp_report))]));
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("pages/style.css"))
}

/// What a browser kept a page from. The log alone hears of it, and of no address in it but ours.
async fn csp_report(
    request: HttpRequest,
    mut payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    const LIMIT: BodyLimit = BodyLimit { received: 16 << 10, decoded: 16 << 10 };
    let body = read_body(&request, &mut payload, LIMIT).await?;
    let report: serde_json::Value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(Code::BadRequest, "The body is not JSON.").because(error))?;
    // `report-uri` sends one object, the Reporting API a list with a body in each.
    let text = |name: &str| {
        let old = report.pointer(&format!("/csp-report/{name}"));
        let new = report.pointer(&format!("/0/body/{name}"));
        old.or(new)
            .and_then(serde_json::Value::as_str)
            .map(|text| text.chars().take(100).collect::<String>())
    };
    let directive = text("effective-directive").or_else(|| text("effectiveDirective"));
    tracing::warn!(directive, "a browser reports a violation of a page's policy");
    Ok(HttpResponse::NoContent().finish())
}

async fn home(state: web::Data<AppState>) -> HttpResponse {
    let database = match state.db.kind() {
        Kind::Sqlite => "SQLite",
        Kind::Postgres => "PostgreSQL",
    };
    let page = include_str!("pages/home.html")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{database}", database)
        .replace("{prices}", &escaped(state.prices.version()));
    html(page)
}

/// The API on a page, from the OpenAPI document.
pub(crate) async fn docs() -> HttpResponse {
    let document = openapi::document();
    let mut body = String::new();
    for tag in document.tags.iter().flatten() {
        let about = tag.description.as_deref().unwrap_or_default();
        let _ = write!(body, "<h2>{}</h2>\n<p>{}</p>\n<dl>\n", escaped(&tag.name), escaped(about));
        for (path, item) in &document.paths.paths {
            let methods = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ];
            for (method, operation) in methods {
                let Some(operation) = operation else { continue };
                if operation.tags.iter().flatten().any(|name| *name == tag.name) {
                    let summary = operation.summary.as_deref().unwrap_or_default();
                    let _ = writeln!(
                        body,
                        "<dt><code>{method} {}</code></dt><dd>{}</dd>",
                        escaped(path),
                        escaped(summary)
                    );
                }
            }
        }
        body.push_str("</dl>\n");
    }
    html(include_str!("pages/docs.html").replace("{body}", &body))
}

fn html(page: String) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
