//! TLS by rustls with *ring*.
//!
//! What is offered follows Mozilla's server-side recommendations
//! (<https://wiki.mozilla.org/Security/Server_Side_TLS>): with [`TlsVersion::Tls12`] the
//! `intermediate` configuration, with [`TlsVersion::Tls13`] alone the `modern` one. rustls has
//! nothing else to offer: ECDHE with AEAD ciphers, X25519, P-256 and P-384, no compression, no
//! renegotiation (RFC 9325). Nor is there 0-RTT, which could be replayed (RFC 8446, 8), or OCSP
//! stapling, which the large authorities have given up. Tickets are sealed under keys that live in
//! memory and are changed every six hours, so that a stolen key opens little.

mod development;
mod error;
mod load;
mod reload;

pub use development::development_certificate;
pub use error::TlsError;
pub use load::CertificateFiles;
pub use reload::{Reload, ReloadingCertificate};

use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The oldest version that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersion {
    /// TLS 1.2 and 1.3.
    #[default]
    Tls12,
    /// TLS 1.3 alone.
    Tls13,
}

/// How TLS is spoken.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The certificate and its key.
    pub files: CertificateFiles,
    /// The oldest version that is spoken.
    pub min: TlsVersion,
    /// PEM certificates of those who vouch for clients. If set, every client must show a certificate
    /// of theirs. Read once: a change of trust is worth a restart.
    pub client_ca: Option<PathBuf>,
}

/// What a server needs.
#[derive(Debug)]
pub struct Tls {
    /// For [`Transport::Tls`](super::Transport::Tls).
    pub config: Arc<ServerConfig>,
    /// The certificate that `config` shows, to be reloaded when its files change.
    pub certificate: Arc<ReloadingCertificate>,
}

impl TlsSettings {
    /// Reads the files and checks them.
    ///
    /// # Errors
    /// A file is missing, unreadable or not what it should be; the sentence names it.
    pub fn load(self) -> Result<Tls, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let versions: &[_] = match self.min {
            TlsVersion::Tls12 => &[&TLS13, &TLS12],
            TlsVersion::Tls13 => &[&TLS13],
        };
        let certificate = Arc::new(ReloadingCertificate::load(self.files)?);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)?;
        let builder = match &self.client_ca {
            Some(path) => builder.with_client_cert_verifier(client_verifier(path, provider)?),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::clone(&certificate) as Arc<_>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ignore_client_order = true;
        config.ticketer = ring::Ticketer::new()?;
        Ok(Tls { config: Arc::new(config), certificate })
    }
}

fn client_verifier(
    path: &Path,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let unusable = |cause: String| TlsError::ClientAuthorities { path: path.to_owned(), cause };
    let pem = load::read_file(path)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| unusable(error.to_string()))
}
