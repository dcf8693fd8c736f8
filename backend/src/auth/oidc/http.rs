//! Calls to the provider: bounded in size too, to addresses from settings and
//! from the provider's own metadata alone.

use super::error::OidcError;
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;

/// Bytes of an answer: key sets of large providers have some ten thousand.
const LARGEST: usize = 256 << 10;

/// An answer's status and body.
pub(super) async fn send(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), OidcError> {
    let unreachable = |error: reqwest::Error| {
        // The URL may hold what is nobody's business.
        OidcError::Unreachable(in_full(&error.without_url()))
    };
    let mut response = request.send().await.map_err(unreachable)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(OidcError::unusable("answer", "it is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), body))
}

/// The JSON of a good answer; `what` says of what, in an error.
pub(super) async fn json<T: DeserializeOwned>(
    what: &'static str,
    request: RequestBuilder,
) -> Result<T, OidcError> {
    let (status, body) = send(request).await?;
    if status != StatusCode::OK {
        return Err(OidcError::unusable(what, &status));
    }
    parse(what, &body)
}

pub(super) fn parse<T: DeserializeOwned>(what: &'static str, body: &[u8]) -> Result<T, OidcError> {
    // serde_json quotes what it did not expect: where it stands is enough.
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("{:?} in column {}", error.classify(), error.column());
        OidcError::unusable(what, &place)
    })
}

fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
