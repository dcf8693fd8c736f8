//! What can be wrong with certificate files.

use std::path::PathBuf;

/// A sentence that names the file and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each sentence says what its variant means")]
pub enum TlsError {
    #[error("The file {} is not there.", .path.display())]
    Missing { path: PathBuf },
    #[error("The file {} cannot be read: {cause}.", .path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("The file {} cannot be written: {cause}.", .path.display())]
    Unwritable { path: PathBuf, cause: std::io::Error },
    #[error("The file {} holds no certificate in PEM.", .path.display())]
    NoCertificate { path: PathBuf },
    #[error("The certificate {} cannot be understood: {cause}.", .path.display())]
    MalformedCertificate { path: PathBuf, cause: String },
    #[error("The file {} holds no private key in PEM.", .path.display())]
    NoKey { path: PathBuf },
    #[error("The private key {} cannot be used: {cause}.", .path.display())]
    UnusableKey { path: PathBuf, cause: rustls::Error },
    #[error("The private key {} is open to everybody on this machine; its mode should be 0600 or 0640.", .path.display())]
    ExposedKey { path: PathBuf },
    #[error("The private key {} does not belong to the certificate {}.", .key.display(), .certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("The certificate {} has expired, at {at}.", .path.display())]
    Expired { path: PathBuf, at: String },
    #[error("The certificate {} is not valid yet, but from {from}.", .path.display())]
    NotYetValid { path: PathBuf, from: String },
    #[error("The file {} cannot be used to verify clients: {cause}.", .path.display())]
    ClientAuthorities { path: PathBuf, cause: String },
    #[error("A development certificate cannot be made: {0}.")]
    Development(#[from] rcgen::Error),
    #[error("TLS cannot be set up: {0}.")]
    Setup(#[from] rustls::Error),
}
