//! One error type for every handler, and how it looks outside: `application/problem+json`
//! (RFC 9457). What clients read and what the log keeps are apart: the cause never leaves.

use crate::db::DbError;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use invocation::FieldProblem;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What went wrong, as clients can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each means")]
pub enum Code {
    BadRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    Validation,
    IdempotencyMismatch,
    TooManyRequests,
    Internal,
    Unavailable,
}

impl Code {
    /// The one table: the problem type's name, status and title.
    const fn row(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::BadRequest => {
                ("bad-request", StatusCode::BAD_REQUEST, "The request cannot be read")
            }
            Self::Unauthenticated => {
                ("unauthenticated", StatusCode::UNAUTHORIZED, "Valid credentials are needed")
            }
            Self::Forbidden => {
                ("forbidden", StatusCode::FORBIDDEN, "These credentials do not allow this")
            }
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is no such thing"),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "This path does not know that method",
            ),
            Self::Conflict => {
                ("conflict", StatusCode::CONFLICT, "The request conflicts with what is there")
            }
            Self::PayloadTooLarge => {
                ("payload-too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large")
            }
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body is of a type that is not taken here",
            ),
            Self::Validation => {
                ("validation", StatusCode::UNPROCESSABLE_ENTITY, "A field is not valid")
            }
            Self::IdempotencyMismatch => (
                "idempotency-mismatch",
                StatusCode::UNPROCESSABLE_ENTITY,
                "This Idempotency-Key came with another request",
            ),
            Self::TooManyRequests => {
                ("too-many-requests", StatusCode::TOO_MANY_REQUESTS, "Too many requests")
            }
            Self::Internal => {
                ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here")
            }
            Self::Unavailable => (
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available now; try again shortly",
            ),
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.row().1
    }

    /// The code for a status that the framework chose.
    pub fn for_status(status: StatusCode) -> Self {
        const ALL: [Code; 10] = [
            Code::BadRequest,
            Code::Unauthenticated,
            Code::Forbidden,
            Code::NotFound,
            Code::MethodNotAllowed,
            Code::Conflict,
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
            Code::TooManyRequests,
            Code::Unavailable,
        ];
        let known = ALL.into_iter().find(|code| code.status() == status);
        known.unwrap_or(if status.is_client_error() { Self::BadRequest } else { Self::Internal })
    }
}

/// The body of every error answer (RFC 9457).
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq, utoipa::ToSchema)]
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
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq, utoipa::ToSchema)]
pub struct ProblemField {
    /// A JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// An error on its way out of a handler.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    detail: String,
    errors: Vec<ProblemField>,
    cause: Option<String>,
}

impl ApiError {
    /// An error with the text that clients read.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), cause: None }
    }

    /// A fault of ours: the cause goes to the log, clients read a fixed text.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Code::Internal, "The fault is ours, and noted under the request id.")
            .because(cause)
    }

    /// There is no such thing, or it is not for these eyes.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// One field is not valid.
    pub fn field(pointer: &str, detail: impl Into<String>) -> Self {
        FieldProblem::new(pointer, detail).into()
    }

    /// With a cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Detail and cause together, for somebody with a shell on the machine.
    pub fn in_full(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{} ({cause})", self.detail),
            None => self.detail.clone(),
        }
    }

    /// The body of the answer.
    pub fn problem(&self, instance: Option<String>) -> Problem {
        let (name, status, title) = self.code.row();
        Problem {
            kind: format!("/problems/{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            instance,
            errors: self.errors.clone(),
        }
    }
}

impl From<FieldProblem> for ApiError {
    fn from(fault: FieldProblem) -> Self {
        if fault.malformed {
            return Self::new(Code::BadRequest, format!("The body {}.", fault.detail));
        }
        let detail = match fault.pointer.as_str() {
            "" => format!("The body {}.", fault.detail),
            pointer => format!("{pointer} {}.", fault.detail),
        };
        let field = ProblemField { pointer: fault.pointer, detail: fault.detail };
        Self { errors: vec![field], ..Self::new(Code::Validation, detail) }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(cause) => {
                Self::new(Code::Unavailable, "The database does not answer now.").because(cause)
            }
            DbError::Unstorable => {
                Self::new(Code::BadRequest, "The request holds a character that cannot be stored.")
            }
            DbError::Query(error) => Self::internal(error),
        }
    }
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// The request id is filled in at the edge, which also logs the cause, once.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        if self.code == Code::Unavailable {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        if self.code == Code::Unauthenticated {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let mut response =
            response.content_type("application/problem+json").json(self.problem(None));
        if let Some(cause) = &self.cause {
            response.extensions_mut().insert(Cause(cause.clone()));
        }
        response
    }
}

/// What the log keeps of an error; travels with the answer to the edge.
#[derive(Debug, Clone)]
pub struct Cause(pub String);
