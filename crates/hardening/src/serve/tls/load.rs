//! Two files → a certificate with its key, checked.

use super::TlsError;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::CertifiedKey;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain in PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key in PEM: PKCS #8, PKCS #1 or SEC 1. Not open to everybody.
    pub key: PathBuf,
}

/// What the files hold.
pub(super) struct Contents<'a> {
    files: &'a CertificateFiles,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl CertificateFiles {
    pub(super) fn read(&self) -> Result<Contents<'_>, TlsError> {
        let certificate = read_file(&self.certificate)?;
        let key = read_file(&self.key)?;
        let mode = std::fs::metadata(&self.key).map_or(0, |data| data.permissions().mode());
        if mode & 0o007 != 0 {
            return Err(TlsError::ExposedKey { path: self.key.clone() });
        }
        Ok(Contents { files: self, certificate, key })
    }
}

impl Contents<'_> {
    /// Tells contents apart. Nothing but that: who could make two alike could as well write the
    /// files.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.certificate, &self.key).hash(&mut hasher);
        hasher.finish()
    }

    /// The pair, if it may be shown at `now`.
    pub(super) fn parse(&self, now: UnixTime) -> Result<CertifiedKey, TlsError> {
        let path = || self.files.certificate.clone();
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(|_| TlsError::NoCertificate { path: path() })?;
        let own = chain.first().ok_or_else(|| TlsError::NoCertificate { path: path() })?;
        check_validity(own, &self.files.certificate, now)?;
        let key_path = || self.files.key.clone();
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| TlsError::NoKey { path: key_path() })?;
        let provider = ring::default_provider();
        CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { certificate: path(), key: key_path() }
            }
            rustls::Error::InvalidCertificate(cause) => {
                TlsError::MalformedCertificate { path: path(), cause: cause.to_string() }
            }
            cause => TlsError::UnusableKey { path: key_path(), cause },
        })
    }
}

fn check_validity(der: &[u8], path: &Path, now: UnixTime) -> Result<(), TlsError> {
    let path = || path.to_owned();
    let certificate = Certificate::from_der(der).map_err(|error| {
        TlsError::MalformedCertificate { path: path(), cause: error.to_string() }
    })?;
    let validity = certificate.tbs_certificate().validity();
    let now = now.as_secs();
    if now > validity.not_after.to_unix_duration().as_secs() {
        return Err(TlsError::Expired { path: path(), at: validity.not_after.to_string() });
    }
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(TlsError::NotYetValid { path: path(), from: validity.not_before.to_string() });
    }
    Ok(())
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => TlsError::Missing { path: path.to_owned() },
        _ => TlsError::Unreadable { path: path.to_owned(), cause },
    })
}
