//! What a request carries to say who sends it: read and hashed once, whoever asks.

use super::{key, session};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use base64::prelude::{BASE64_STANDARD, Engine};
use std::borrow::Cow;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// SHA-256 of a secret of 120 random bits or more: all that is stored of it.
pub(super) type SecretHash = [u8; 32];

/// What a request carries, whether it is good or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    Absent,
    /// Something that says to be a credential and cannot be read.
    Malformed,
    Key(SecretHash),
    Session(SecretHash),
}

impl Credential {
    /// A key that a client must add itself stands before what a browser adds.
    pub(super) fn of(state: &AppState, request: &HttpRequest) -> Self {
        match api_key(request) {
            Ok(Some(key)) => Self::Key(key::hash(&key)),
            Ok(None) => session::hash_in(state, request).map_or(Self::Absent, Self::Session),
            Err(Unreadable) => Self::Malformed,
        }
    }

    /// What it is known by.
    pub(super) fn hash(&self) -> Option<&SecretHash> {
        match self {
            Self::Key(hash) | Self::Session(hash) => Some(hash),
            Self::Absent | Self::Malformed => None,
        }
    }
}

/// Whether the key that a request carries may be one: a mistyped one is not worth a query.
pub(super) fn is_plausible_key(request: &HttpRequest) -> bool {
    api_key(request).ok().flatten().is_some_and(|key| key::is_plausible(&key))
}

/// The answer to [`Credential::Malformed`].
pub(super) fn malformed() -> ApiError {
    ApiError::new(Code::Unauthenticated, "The Authorization header cannot be read.")
}

struct Unreadable;

fn text(value: &HeaderValue) -> Result<&str, Unreadable> {
    str::from_utf8(value.as_bytes()).map_err(|_| Unreadable)
}

/// The key in `Authorization: Bearer`, `x-api-key`, or as the password of HTTP Basic.
fn api_key(request: &HttpRequest) -> Result<Option<Cow<'_, str>>, Unreadable> {
    let headers = request.headers();
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return headers.get(X_API_KEY).map(text).transpose().map(|key| key.map(Cow::Borrowed));
    };
    let text = text(authorization)?;
    let (scheme, value) = text.split_once(' ').ok_or(Unreadable)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(Cow::Borrowed(value.trim())));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = BASE64_STANDARD.decode(value.trim()).map_err(|_| Unreadable)?;
        let pair = String::from_utf8(decoded).map_err(|_| Unreadable)?;
        let (_, key) = pair.split_once(':').ok_or(Unreadable)?;
        return Ok(Some(Cow::Owned(key.to_owned())));
    }
    Err(Unreadable)
}
