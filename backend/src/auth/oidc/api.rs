//! The two routes.

use super::admission::{self, Visitor};
use super::flow::{self, Flow};
use super::provider::{Oidc, Provider, registered};
use super::return_to::ReturnTo;
use crate::auth::session::SignedIn;
use crate::auth::whence::{Whence, user_agent};
use crate::config::RouteClass;
use crate::edge::Query;
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use hardening::limits::{Identity, Limiter};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(in crate::auth) struct Start {
    /// Where to go afterwards: a path of this service. The start page, if absent.
    #[param(value_type = Option<String>)]
    return_to: ReturnTo,
}

/// Begin to sign in at the organisation's OpenID provider: for browsers, by a link.
#[utoipa::path(get, path = "/api/v1/auth/oidc", tag = "identity", params(Start), security(()),
    responses((status = 302, description = "To the provider")))]
pub(in crate::auth) async fn start(
    state: web::Data<AppState>,
    oidc: web::Data<Oidc>,
    limiter: web::Data<Limiter<RouteClass>>,
    request: HttpRequest,
    query: Query<Start>,
) -> Result<HttpResponse, ApiError> {
    let provider = provider(&oidc)?;
    if !is_wanted(&request) {
        let detail = "Another site began this sign-in, and nobody clicked on anything.";
        return Err(ApiError::new(Code::Forbidden, detail));
    }
    if let Some(refusal) = limit(&limiter, "oidc start", &request).await {
        return Ok(refusal);
    }
    let flow = Flow::begin(&state, query.into_inner().return_to);
    let there = provider.authorization_url(&flow).await?;
    let cookie = flow.cookie(&state, &provider.settings)?;
    Ok(HttpResponse::Found()
        .insert_header((header::LOCATION, there.as_str()))
        .cookie(cookie)
        .finish())
}

/// What the provider answers through the browser. Members that it adds are left alone (RFC 6749,
/// section 4.1.2).
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(in crate::auth) struct Callback {
    /// Which sign-in it answers.
    state: Option<String>,
    /// The authorization code.
    code: Option<String>,
    /// Why there is none.
    error: Option<String>,
    /// Who answers (RFC 9207).
    iss: Option<String>,
}

/// Where the provider sends browsers back to: answers a session cookie.
#[utoipa::path(get, path = "/api/v1/auth/oidc/callback", tag = "identity", params(Callback),
    security(()), responses((status = 303, description = "Signed in; to where it began")))]
pub(in crate::auth) async fn callback(
    state: web::Data<AppState>,
    oidc: web::Data<Oidc>,
    limiter: web::Data<Limiter<RouteClass>>,
    request: HttpRequest,
    before: Option<SignedIn>,
    query: Query<Callback>,
) -> Result<HttpResponse, ApiError> {
    let provider = provider(&oidc)?;
    if let Some(refusal) = limit(&limiter, "oidc callback", &request).await {
        return Ok(refusal);
    }
    let answer = query.into_inner();
    let begun = Flow::of(&state, &provider.settings, &request);
    let flow = begun.filter(|flow| answer.state.as_ref().is_some_and(|it| flow.is(it)));
    let flow = flow.ok_or_else(|| {
        let detail = "This sign-in did not begin in this browser, or is over. Begin again.";
        ApiError::new(Code::BadRequest, detail)
    })?;
    let outcome = finish(&state, provider, &flow, answer, &request, before).await;
    // Whatever came of it, this attempt is over.
    let mut response = outcome.unwrap_or_else(|error| error.error_response());
    response.add_cookie(&flow::removal(&state)).map_err(ApiError::internal)?;
    Ok(response)
}

async fn finish(
    state: &AppState,
    provider: &Provider,
    flow: &Flow,
    answer: Callback,
    request: &HttpRequest,
    before: Option<SignedIn>,
) -> Result<HttpResponse, ApiError> {
    if !provider.has_answered(answer.iss.as_deref()).await? {
        return Err(ApiError::new(Code::BadRequest, "Another provider has answered."));
    }
    let code = match (answer.code, answer.error) {
        (_, Some(error)) => return Err(refusal(&error)),
        (Some(code), None) if !code.is_empty() => code,
        _ => return Err(ApiError::new(Code::BadRequest, "The provider's answer has no code.")),
    };
    let visitor = Visitor { whence: Whence::of(request), user_agent: user_agent(request), before };
    let cookie = admission::admit(state, provider, flow, &code, visitor).await?;
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, flow.return_to.as_str()))
        .cookie(cookie)
        .finish())
}

/// What the provider has against it (RFC 6749, section 4.1.2.1; OpenID Connect Core, 3.1.2.6).
fn refusal(error: &str) -> ApiError {
    let problem = match error {
        "temporarily_unavailable" | "server_error" => {
            ApiError::new(Code::Unavailable, "The provider cannot sign anybody in now.")
        }
        "access_denied" => ApiError::new(
            Code::Forbidden,
            "You were not let in, or did not agree, at the provider.",
        ),
        _ => ApiError::new(Code::Forbidden, "The provider does not sign you in here."),
    };
    problem.because(registered(error))
}

fn provider(oidc: &Oidc) -> Result<&Provider, ApiError> {
    oidc.provider().ok_or_else(|| ApiError::new(Code::NotFound, "There is no OpenID provider."))
}

/// Whether somebody asked for this: from our own pages, by typing, or by a click elsewhere, as in a
/// portal (W3C Fetch Metadata; OWASP ASVS 5.0, 7.6.2). Older browsers do not say.
fn is_wanted(request: &HttpRequest) -> bool {
    let field = |name: &str| request.headers().get(name).map(header::HeaderValue::as_bytes);
    match field("sec-fetch-site") {
        None | Some(b"same-origin" | b"none") => true,
        Some(_) => field("sec-fetch-user") == Some(b"?1"),
    }
}

/// Counts a step for the address. Each step has a count of its own, so that whoever may begin may
/// also end. The answer, if it is refused.
async fn limit(
    limiter: &Limiter<RouteClass>,
    step: &str,
    request: &HttpRequest,
) -> Option<HttpResponse> {
    let subject = Identity::new(step, &Whence::of(request).network());
    let ruling = limiter.check(RouteClass::Auth, &subject, None).await?;
    (!ruling.allowed()).then(|| ruling.refusal())
}
