//! Calls to the provider: bounded in time and size, never redirected, to addresses from settings and
//! from the provider's own metadata alone.

use super::error::OidcError;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(3);
/// For a whole answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Bytes of an answer: key sets of large providers have some ten thousand.
const LARGEST: usize = 256 << 10;

/// What speaks to the provider.
pub(super) fn client(authorities: &[CertificateDer<'static>]) -> Result<Client, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(authorities.to_vec(), Arc::clone(&provider));
    let verifier = verifier.map_err(|error| error.to_string())?;
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        // Sign-ins are rare: a connection kept for the next one would mostly be found closed.
        .pool_max_idle_per_host(0)
        .build()
        .map_err(|error| error.to_string())
}

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
