//! The OpenAPI document: put together from what the slices say of their paths.

use crate::edge::{NoQuery, resource};
use crate::error::ApiError;
use crate::{
    alerts, auth, costs, history, insights, invocations, ledger, probes, projects, reports,
};
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use hardening::Problem;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ObjectBuilder, OpenApi, Ref, RefOr, SecurityRequirement};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

/// The routes below `/api/v1`. The document is written once: whoever asks for it many times costs
/// no more than its bytes.
pub fn routes(config: &mut web::ServiceConfig) {
    let json = document_json().map(web::Bytes::from).map_err(|error| error.to_string());
    let json = move |_: NoQuery| {
        let json = json.clone().map_err(ApiError::internal);
        async move {
            let json = json?;
            Ok::<_, ApiError>(HttpResponse::Ok().content_type("application/json").body(json))
        }
    };
    config
        .service(resource("/openapi.json", [(Method::GET, web::to(json))]))
        .service(resource("/docs", [(Method::GET, web::to(crate::pages::docs))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "ResearchFlow", description = "Routes AI calls, records each one, keeps patient data out of the record, and proves that the record was not altered."),
    tags(
        (name = "identity", description = "Signing in and out"),
        (name = "projects", description = "Projects, members, keys"),
        (name = "invocations", description = "Sending events and reading them back"),
        (name = "audit", description = "Who did what"),
        (name = "costs", description = "What calls cost"),
        (name = "insights", description = "The feed that rollups are made from"),
        (name = "reports", description = "Transparency reports"),
        (name = "alerts", description = "What is wrong with the service, and was"),
        (name = "ledger", description = "The public Merkle logs (C2SP tlog-tiles)"),
        (name = "schemas", description = "Published JSON Schemas"),
        (name = "probes", description = "Health, readiness, metrics"),
    )
)]
struct Base;

/// The whole document.
pub fn document() -> OpenApi {
    let mut document = Base::openapi();
    for part in [
        probes::paths(),
        auth::paths(),
        projects::paths(),
        invocations::paths(),
        costs::paths(),
        insights::paths(),
        reports::paths(),
        alerts::paths(),
        history::paths(),
        ledger::paths(),
    ] {
        document.merge(part);
    }
    secure(&mut document);
    add_idempotency_keys(&mut document);
    name_operations(&mut document);
    add_problems(&mut document);
    document
}

/// The document as pretty JSON.
///
/// # Errors
/// It cannot be written.
pub fn document_json() -> Result<String, serde_json::Error> {
    document().to_pretty_json()
}

fn secure(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.add_security_scheme("api_key", bearer);
    let cookie = ApiKeyValue::with_description(
        "researchflow_session",
        "What signing in answers; over TLS its name begins with __Host-",
    );
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    for (path, item) in &mut document.paths.paths {
        if path.starts_with("/ledger/") || path.starts_with("/api/v1/schemas/") {
            continue;
        }
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            if operation.security.is_none() {
                let schemes = schemes(path).iter();
                let needed = schemes.map(|scheme| SecurityRequirement::new(*scheme, [""; 0]));
                operation.security = Some(needed.collect());
            }
        }
    }
}

/// What credentials are good for: one's own account is a matter of sessions, telemetry of keys.
fn schemes(path: &str) -> &'static [&'static str] {
    if path.starts_with("/api/v1/sessions") || path.starts_with("/api/v1/users/me") {
        &["session"]
    } else if path.ends_with("/v1/traces") {
        &["api_key"]
    } else {
        &["api_key", "session"]
    }
}

/// What `edge::idempotent` reads from the POSTs of those whom it knows.
fn add_idempotency_keys(document: &mut OpenApi) {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .build();
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("The same key and body get the first answer again, for 24 hours"))
        .schema(Some(schema))
        .build();
    let posts = document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/api/v1/"));
    for operation in posts.filter_map(|(_, item)| item.post.as_mut()) {
        if operation
            .security
            .iter()
            .flatten()
            .any(|needed| *needed != SecurityRequirement::default())
        {
            operation.parameters.get_or_insert_default().push(parameter.clone().into());
        }
    }
}

/// An id for each operation that is its alone: the method and the words of the path.
fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<&str> = path.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let methods = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{}", words.join("_")));
            }
        }
    }
}

/// Every operation can answer a problem.
fn add_problems(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let mut nested = Vec::new();
    Problem::schemas(&mut nested);
    components.schemas.extend(nested);
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let problem = ResponseBuilder::new()
        .description("A problem (RFC 9457)")
        .content("application/problem+json", content)
        .build();
    for item in document.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for status in ["4XX", "5XX"] {
                operation.responses.responses.insert(status.to_owned(), RefOr::T(problem.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_is_the_one_that_was_reviewed() {
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("openapi", super::document_json().unwrap());
        });
    }
}
