//! A certificate that follows its files.
//!
//! Both are read again every time and compared by what they hold: they are small, and neither the
//! times nor the inodes of files tell the truth always (copies that keep their times, coarse clocks,
//! the swapped symbolic links of Kubernetes). Two files cannot be written at once, so a pair that does
//! not fit may be one half of a change: the old pair stays, and the next look finds the other half.

use super::{CertificateFiles, TlsError};
use arc_swap::ArcSwap;
use rustls::pki_types::UnixTime;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What a look at the files led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// They hold what is shown already.
    Unchanged,
    /// New handshakes see the new certificate.
    Changed,
}

/// Shows what its files last held that was good. Connections keep what they began with.
#[derive(Debug)]
pub struct ReloadingCertificate {
    files: CertificateFiles,
    current: ArcSwap<CertifiedKey>,
    /// Of the contents that `current` is made from.
    digest: AtomicU64,
}

impl ReloadingCertificate {
    /// # Errors
    /// The files do not hold a certificate that may be shown now.
    pub(super) fn load(files: CertificateFiles) -> Result<Self, TlsError> {
        let contents = files.read()?;
        let current = ArcSwap::from_pointee(contents.parse(UnixTime::now())?);
        let digest = contents.digest().into();
        Ok(Self { current, digest, files })
    }

    /// Looks at the files once. Reads them, so not for a worker's thread.
    ///
    /// # Errors
    /// They cannot be used as they are; the old certificate stays.
    pub fn reload(&self) -> Result<Reload, TlsError> {
        let contents = self.files.read()?;
        let digest = contents.digest();
        if digest == self.digest.load(Relaxed) {
            return Ok(Reload::Unchanged);
        }
        self.current.store(Arc::new(contents.parse(UnixTime::now())?));
        self.digest.store(digest, Relaxed);
        Ok(Reload::Changed)
    }

    /// Looks at the files again and again, for ever; to be run by one task. `report` is told of each
    /// change, and of each fault once, however long it lasts.
    pub async fn follow(self: Arc<Self>, every: Duration, report: impl Fn(Result<(), &TlsError>)) {
        let mut fault = None;
        loop {
            tokio::time::sleep(every).await;
            let certificate = Arc::clone(&self);
            let look = tokio::task::spawn_blocking(move || certificate.reload());
            match look.await {
                Ok(Ok(reload)) => {
                    fault = None;
                    if reload == Reload::Changed {
                        report(Ok(()));
                    }
                }
                Ok(Err(error)) => {
                    let text = Some(error.to_string());
                    if fault != text {
                        report(Err(&error));
                        fault = text;
                    }
                }
                // The runtime is shutting down.
                Err(_) => return,
            }
        }
    }
}

impl ResolvesServerCert for ReloadingCertificate {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}
