//! The two refusals of this module.

use crate::problem::{Problem, ProblemKind};
use actix_web::http::ConnectionType;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use std::fmt;

/// Why a request is refused before its handler has an answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// The body came too slowly.
    SlowBody,
    /// There are too many requests in flight.
    Overload,
}

impl Refusal {
    const fn kind(self) -> ProblemKind {
        match self {
            Self::SlowBody => ProblemKind::REQUEST_TIMEOUT,
            Self::Overload => ProblemKind::UNAVAILABLE,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SlowBody => "The body came too slowly. The connection is closed.",
            Self::Overload => "There are more requests than can be served now.",
        })
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.kind().status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = Problem::new(self.kind(), self.to_string()).response();
        match self {
            // RFC 9110, 15.5.9: the server should close, and say so.
            Self::SlowBody => response.head_mut().set_connection_type(ConnectionType::Close),
            Self::Overload => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
        }
        response
    }
}
