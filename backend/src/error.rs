//! One error type for every handler, and how it looks outside: `application/problem+json`
//! (RFC 9457). What clients read and what the log keeps are apart: the cause never leaves.

use crate::db::DbError;
use crate::threads::Interrupted;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use hardening::{Problem, ProblemField, ProblemKind};
use invocation::FieldProblem;
use std::fmt;

/// What went wrong, as clients can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each means")]
pub enum Code {
    BadRequest,
    Unauthenticated,
    SecondFactorRequired,
    SecondFactorNotEnrolled,
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
    const fn kind(self) -> ProblemKind {
        match self {
            Self::BadRequest => ProblemKind::BAD_REQUEST,
            Self::Unauthenticated => ProblemKind::UNAUTHENTICATED,
            Self::SecondFactorRequired => ProblemKind::new(
                "second-factor-required",
                StatusCode::UNAUTHORIZED,
                "A code of the second factor is needed too",
            ),
            Self::SecondFactorNotEnrolled => ProblemKind::new(
                "second-factor-not-enrolled",
                StatusCode::FORBIDDEN,
                "A second factor has to be set up first",
            ),
            Self::Forbidden => ProblemKind::FORBIDDEN,
            Self::NotFound => ProblemKind::NOT_FOUND,
            Self::MethodNotAllowed => ProblemKind::METHOD_NOT_ALLOWED,
            Self::Conflict => ProblemKind::CONFLICT,
            Self::PayloadTooLarge => ProblemKind::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => ProblemKind::UNSUPPORTED_MEDIA_TYPE,
            Self::Validation => ProblemKind::VALIDATION,
            Self::IdempotencyMismatch => ProblemKind::new(
                "idempotency-mismatch",
                StatusCode::UNPROCESSABLE_ENTITY,
                "This Idempotency-Key came with another request",
            ),
            Self::TooManyRequests => ProblemKind::TOO_MANY_REQUESTS,
            Self::Internal => ProblemKind::INTERNAL,
            Self::Unavailable => ProblemKind::UNAVAILABLE,
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.kind().status
    }
}

/// An error on its way out of a handler.
#[derive(Debug, Clone)]
pub struct ApiError {
    code: Code,
    detail: String,
    errors: Vec<ProblemField>,
    cause: Option<String>,
    retry_after: Option<u64>,
    codings: Option<&'static str>,
}

impl ApiError {
    /// An error with the text that clients read.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            cause: None,
            retry_after: None,
            codings: None,
        }
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

    /// With the seconds after which to come again (`Retry-After`, RFC 9110, 10.2.3).
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// With the codings that a body may have (`Accept-Encoding`, RFC 9110, 12.5.3).
    #[must_use]
    pub fn accepting(mut self, codings: &'static str) -> Self {
        self.codings = Some(codings);
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
    pub fn problem(&self) -> Problem {
        Problem::new(self.code.kind(), self.detail.as_str()).with_fields(self.errors.clone())
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

impl From<Interrupted> for ApiError {
    fn from(error: Interrupted) -> Self {
        Self::internal(error)
    }
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}

/// Whoever waited for the same read gets the same error.
impl From<cache::Failure> for ApiError {
    fn from(failure: cache::Failure) -> Self {
        let unavailable =
            || Self::new(Code::Unavailable, "This cannot be read now.").because(&failure);
        failure.load_error().cloned().unwrap_or_else(unavailable)
    }
}

impl std::error::Error for ApiError {}

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
        let mut response = self.problem().response();
        let headers = response.headers_mut();
        let unavailable = (self.code == Code::Unavailable).then_some(1);
        if let Some(seconds) = self.retry_after.or(unavailable) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(codings) = self.codings {
            headers.insert(header::ACCEPT_ENCODING, header::HeaderValue::from_static(codings));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        if let Some(cause) = &self.cause {
            response.extensions_mut().insert(Cause(cause.clone()));
        }
        response
    }
}

/// What the log keeps of an error; travels with the answer to the edge.
#[derive(Debug, Clone)]
pub struct Cause(pub String);
