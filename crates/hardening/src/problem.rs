//! `application/problem+json` (RFC 9457): what clients read when something went wrong.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The media type of problems (RFC 9457, section 6.1).
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What kind of problem it is: what clients may branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemKind {
    /// The last part of `type`, as in `/problems/not-found`.
    pub name: &'static str,
    /// The HTTP status that goes with it.
    pub status: StatusCode,
    /// The kind in words, the same each time.
    pub title: &'static str,
}

impl ProblemKind {
    /// 400
    pub const BAD_REQUEST: Self =
        Self::new("bad-request", StatusCode::BAD_REQUEST, "The request cannot be read");
    /// 401
    pub const UNAUTHENTICATED: Self =
        Self::new("unauthenticated", StatusCode::UNAUTHORIZED, "Valid credentials are needed");
    /// 403
    pub const FORBIDDEN: Self =
        Self::new("forbidden", StatusCode::FORBIDDEN, "These credentials do not allow this");
    /// 404
    pub const NOT_FOUND: Self =
        Self::new("not-found", StatusCode::NOT_FOUND, "There is no such thing");
    /// 405
    pub const METHOD_NOT_ALLOWED: Self = Self::new(
        "method-not-allowed",
        StatusCode::METHOD_NOT_ALLOWED,
        "This path does not know that method",
    );
    /// 408
    pub const REQUEST_TIMEOUT: Self =
        Self::new("request-timeout", StatusCode::REQUEST_TIMEOUT, "The request came too slowly");
    /// 409
    pub const CONFLICT: Self =
        Self::new("conflict", StatusCode::CONFLICT, "The request conflicts with what is there");
    /// 413
    pub const PAYLOAD_TOO_LARGE: Self =
        Self::new("payload-too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large");
    /// 415
    pub const UNSUPPORTED_MEDIA_TYPE: Self = Self::new(
        "unsupported-media-type",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body is of a type that is not taken here",
    );
    /// 422
    pub const VALIDATION: Self =
        Self::new("validation", StatusCode::UNPROCESSABLE_ENTITY, "A field is not valid");
    /// 429
    pub const TOO_MANY_REQUESTS: Self =
        Self::new("too-many-requests", StatusCode::TOO_MANY_REQUESTS, "Too many requests");
    /// 500
    pub const INTERNAL: Self =
        Self::new("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here");
    /// 503
    pub const UNAVAILABLE: Self = Self::new(
        "unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
        "Not available now; try again shortly",
    );

    const ALL: [Self; 13] = [
        Self::BAD_REQUEST,
        Self::UNAUTHENTICATED,
        Self::FORBIDDEN,
        Self::NOT_FOUND,
        Self::METHOD_NOT_ALLOWED,
        Self::REQUEST_TIMEOUT,
        Self::CONFLICT,
        Self::PAYLOAD_TOO_LARGE,
        Self::UNSUPPORTED_MEDIA_TYPE,
        Self::VALIDATION,
        Self::TOO_MANY_REQUESTS,
        Self::INTERNAL,
        Self::UNAVAILABLE,
    ];

    /// A kind of the service's own.
    pub const fn new(name: &'static str, status: StatusCode, title: &'static str) -> Self {
        Self { name, status, title }
    }

    /// The kind for a status that somebody else chose.
    pub fn of(status: StatusCode) -> Self {
        let known = Self::ALL.into_iter().find(|kind| kind.status == status);
        let general = if status.is_client_error() { Self::BAD_REQUEST } else { Self::INTERNAL };
        known.unwrap_or(Self { status, ..general })
    }
}

/// The body of every error answer (RFC 9457).
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI reference that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request.
    pub detail: String,
    /// The request's id, which the log knows too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Each field that is not valid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
}

/// One field that is not valid.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemField {
    /// A JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// A problem with the text that clients read.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{}", kind.name),
            title: kind.title.to_owned(),
            status: kind.status.as_u16(),
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
        }
    }

    /// With the fields that are not valid.
    #[must_use]
    pub fn with_fields(self, errors: Vec<ProblemField>) -> Self {
        Self { errors, ..self }
    }

    /// All that is known of an error which has only a status.
    pub(crate) fn of(status: StatusCode) -> Self {
        Self::new(ProblemKind::of(status), "The request cannot be served.")
    }

    /// The answer. The layer [`problems`](crate::problems()) adds `instance` on the way out.
    pub fn response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).content_type(PROBLEM_JSON).json(self)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}
