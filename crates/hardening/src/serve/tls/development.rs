//! A certificate for a developer's machine, which no one else trusts.

use super::{CertificateFiles, TlsError};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::pki_types::UnixTime;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use time::{Duration, OffsetDateTime};

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// What Mozilla recommends for any certificate; browsers take 398 at most.
const LIFETIME: Duration = Duration::days(90);

/// The self-signed certificate for `localhost`, `127.0.0.1` and `::1` in `dir`. Made when there is
/// none that can be used today, and kept: who trusted it once need not do so at every start.
///
/// # Errors
/// The files cannot be written.
pub fn development_certificate(dir: &Path) -> Result<CertificateFiles, TlsError> {
    let files = CertificateFiles {
        certificate: dir.join("development-cert.pem"),
        key: dir.join("development-key.pem"),
    };
    let now = UnixTime::now();
    let usable = files.read().and_then(|contents| contents.parse(now));
    if usable.is_err() {
        make(&files, now)?;
    }
    Ok(files)
}

fn make(files: &CertificateFiles, now: UnixTime) -> Result<(), TlsError> {
    let key = KeyPair::generate()?;
    let certificate = parameters(now)?.self_signed(&key)?;
    write(&files.key, 0o600, &key.serialize_pem())?;
    write(&files.certificate, 0o644, &certificate.pem())
}

fn parameters(now: UnixTime) -> Result<CertificateParams, TlsError> {
    let mut parameters = CertificateParams::new(NAMES.map(str::to_owned))?;
    let now = OffsetDateTime::UNIX_EPOCH + Duration::seconds(now.as_secs().cast_signed());
    parameters.not_before = now - Duration::HOUR;
    parameters.not_after = now + LIFETIME;
    parameters.distinguished_name.push(DnType::CommonName, "localhost (development)");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

/// Whole or not at all, and never with a wider mode than it ends with.
fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsError> {
    let draft = path.with_extension("pem.new");
    let write = || {
        let _ = fs::remove_file(&draft);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|cause| TlsError::Unwritable { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn is_made_once_and_remade_when_it_expired() {
        let dir = tempfile::tempdir().unwrap();
        let files = development_certificate(dir.path()).unwrap();
        let made = fs::read(&files.certificate).unwrap();
        let mode = fs::metadata(&files.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        development_certificate(dir.path()).unwrap();
        assert_eq!(fs::read(&files.certificate).unwrap(), made, "the second start keeps it");

        let long_ago = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_700_000_000));
        make(&files, long_ago).unwrap();
        let expired = files.read().unwrap().parse(UnixTime::now()).unwrap_err().to_string();
        assert!(expired.ends_with("has expired, at 2024-02-12T22:13:20Z."), "{expired}");
        development_certificate(dir.path()).unwrap();
        assert!(files.read().unwrap().parse(UnixTime::now()).is_ok());
    }
}
