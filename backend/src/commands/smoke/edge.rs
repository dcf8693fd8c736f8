//! Whether the edge behaves, with whatever stands in front of it.

use super::Finding;
use crate::commands::client::Client;
use hardening::Problem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashMap;

const NO_SUCH_PATH: &str = "/api/v1/smoke-there-is-no-such-path";

/// A proxy may have lost or doubled them.
pub(super) fn headers(client: &Client) -> Finding {
    let page = client.get("/")?;
    page.expect_header("content-security-policy", "default-src")?;
    page.expect_header("x-content-type-options", "nosniff")?;
    page.expect_header("x-request-id", "")?;
    if client.is_tls() {
        page.expect_header("strict-transport-security", "max-age=")?;
    }
    match page.header("server") {
        Some(server) if server.contains(|it: char| it.is_ascii_digit()) => {
            Err(format!("Server tells a version: {server}"))
        }
        _ => Ok(format!("as they should be on a {}", page.status)),
    }
}

/// Errors are the service's own, with the request's id.
pub(super) fn problems(client: &Client) -> Finding {
    let answer = client.get(NO_SUCH_PATH)?.expect(404)?;
    answer.expect_header("content-type", "application/problem+json")?;
    let id = answer.json::<Problem>()?.instance.ok_or("a problem has no instance")?;
    match answer.header("x-request-id") {
        Some(header) if header == id => Ok("a 404 is a problem with the request's id".to_owned()),
        _ => Err("instance is not the request's id".to_owned()),
    }
}

/// Nothing is served without a credential, or with a wrong one.
pub(super) fn credentials(client: &Client) -> Finding {
    const PATH: &str = "/api/v1/projects";
    client.get(PATH)?.expect(401)?;
    client.get_with_a_wrong_key(PATH)?.expect(401)?;
    Ok("none and a wrong one are refused".to_owned())
}

#[derive(Deserialize)]
struct Document {
    paths: HashMap<String, IgnoredAny>,
}

pub(super) fn openapi(client: &Client) -> Finding {
    let document: Document = client.get("/api/v1/openapi.json")?.expect(200)?.json()?;
    Ok(format!("{} paths", document.paths.len()))
}
