//! Calls to other machines over HTTP: never redirected, bounded in time, over TLS that is verified.
//! Whom they call is in the settings, and nothing that a client sends can change it.

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;
use std::sync::Arc;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(3);
/// For a whole answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A client that believes these authorities besides those that the system trusts.
///
/// # Errors
/// The system's certificates cannot be read.
pub fn client(authorities: &[CertificateDer<'static>]) -> Result<Client, String> {
    let client = builder(authorities)?;
    // Calls are rare: a connection kept for the next one would mostly be found closed.
    client.pool_max_idle_per_host(0).build().map_err(|error| error.to_string())
}

/// A client for calls that follow each other, over one connection.
///
/// # Errors
/// The system's certificates cannot be read.
pub fn steady_client() -> Result<Client, String> {
    let client = builder(&[])?.pool_max_idle_per_host(1);
    client.build().map_err(|error| error.to_string())
}

fn builder(authorities: &[CertificateDer<'static>]) -> Result<ClientBuilder, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(authorities.to_vec(), Arc::clone(&provider));
    let verifier = verifier.map_err(|error| error.to_string())?;
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER))
}
