//! Whether and how the service speaks TLS itself.

use super::{Faults, Server};
use hardening::serve::tls::{CertificateFiles, TlsSettings, TlsVersion, development_certificate};
use std::path::PathBuf;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct TlsArgs {
    /// Speak TLS; without a certificate, in development, with a self-signed one that is made once.
    #[arg(long, env = "RESEARCHFLOW_TLS")]
    tls: bool,
    /// The certificate chain in PEM; the file is read again when it changes.
    #[arg(long, env = "RESEARCHFLOW_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Its private key in PEM, readable to its owner alone.
    #[arg(long, env = "RESEARCHFLOW_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// The oldest version that is spoken.
    #[arg(long, env = "RESEARCHFLOW_TLS_MIN", value_enum, default_value = "1.2")]
    tls_min: Version,
    /// PEM certificates of those who vouch for clients; every client must then show one of theirs.
    #[arg(long, env = "RESEARCHFLOW_TLS_CLIENT_CA")]
    tls_client_ca: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Version {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl TlsArgs {
    /// `None`: plain HTTP.
    pub(super) fn validate(self, server: &Server, faults: &mut Faults) -> Option<TlsSettings> {
        let files = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Ok(CertificateFiles { certificate, key }),
            (None, None) if !self.tls => {
                if self.tls_client_ca.is_some() {
                    faults.add("RESEARCHFLOW_TLS_CLIENT_CA needs RESEARCHFLOW_TLS_CERT and _KEY");
                }
                return None;
            }
            (None, None) if server.is_development() => {
                development_certificate(&server.data_dir).map_err(|fault| fault.to_string())
            }
            (None, None) => {
                Err("RESEARCHFLOW_TLS_CERT and RESEARCHFLOW_TLS_KEY are missing".into())
            }
            (Some(_), None) => Err("RESEARCHFLOW_TLS_KEY is missing".into()),
            (None, Some(_)) => Err("RESEARCHFLOW_TLS_CERT is missing".into()),
        };
        let min = match self.tls_min {
            Version::Tls12 => TlsVersion::Tls12,
            Version::Tls13 => TlsVersion::Tls13,
        };
        let files = files.map_err(|fault| faults.add(fault)).ok()?;
        let settings = TlsSettings { files, min, client_ca: self.tls_client_ca };
        match settings.clone().load() {
            Ok(_) => faults.keep_private("RESEARCHFLOW_TLS_KEY", &settings.files.key),
            Err(fault) => faults.add(fault.to_string()),
        }
        Some(settings)
    }
}
