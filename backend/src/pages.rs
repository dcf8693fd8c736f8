//! The two pages for people: what is running, and what the API has. They need no script; with one,
//! commands can be copied by a button.

mod look;

use self::look::{Look, LookQuery};
use crate::db::Kind;
use crate::edge::{BodyLimit, CSP_REPORTS, Query, read_body, resource};
use crate::error::{ApiError, Code};
use crate::openapi;
use crate::state::AppState;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::prelude::{BASE64_STANDARD, Engine};
use hardening::Nonce;
use sha2::{Digest, Sha384};
use std::fmt::Write;

/// The start page, and what it is made of.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/", [(Method::GET, web::to(home))]))
        .service(resource("/style.css", [(Method::GET, web::to(style))]))
        .service(resource("/copy.js", [(Method::GET, web::to(script))]))
        .service(resource(CSP_REPORTS, [(Method::POST, web::to(csp_report))]));
}

const STYLE: &str = include_str!("pages/style.css");
const SCRIPT: &str = include_str!("pages/copy.js");

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

async fn script() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(SCRIPT)
}

/// What the page may load beside itself (W3C Subresource Integrity).
fn integrity(text: &str) -> String {
    format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(text)))
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

async fn home(
    state: web::Data<AppState>,
    request: HttpRequest,
    nonce: Nonce,
    query: Query<LookQuery>,
) -> HttpResponse {
    let look = query.into_inner().look.unwrap_or_else(|| Look::of(&state, &request));
    let database = match state.db.kind() {
        Kind::Sqlite => "SQLite",
        Kind::Postgres => "PostgreSQL",
    };
    let page = include_str!("pages/home.html")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{database}", database)
        .replace("{prices}", &escaped(state.prices.version()))
        .replace("{script_integrity}", &integrity(SCRIPT))
        .replace("{nonce}", nonce.as_str());
    let mut response = html(&page, look);
    // A cookie that browsers do not take leaves the page as the system is.
    let _ = response.add_cookie(&look.cookie(&state));
    response
}

/// The API on a page, from the OpenAPI document.
pub(crate) async fn docs(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
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
    html(&include_str!("pages/docs.html").replace("{body}", &body), Look::of(&state, &request))
}

fn html(page: &str, look: Look) -> HttpResponse {
    let page =
        page.replace("{look}", look.as_str()).replace("{style_integrity}", &integrity(STYLE));
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
