//! A Redis that speaks TLS.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use redis_server::{Server, folder, free_address};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const CERTIFICATE: &str = "redis.pem";

/// One that speaks TLS at a second port, with a certificate for `localhost`.
pub struct RedisOverTls {
    _server: Server,
    port: u16,
    folder: TempDir,
}

impl RedisOverTls {
    /// Starts one, and returns when it answers.
    ///
    /// # Panics
    /// It does not within 30 s.
    pub fn start() -> Self {
        let (folder, port) = (folder(), free_address().port());
        let files = certify(folder.path());
        let [certificate, key] = [files.0, files.1].map(|file| file.display().to_string());
        let port_text = port.to_string();
        let tls = ["--tls-port", &port_text, "--tls-auth-clients", "no"];
        let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
        Self { _server: Server::with(&[tls, files].concat()), port, folder }
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("rediss://localhost:{}", self.port)
    }

    /// For `RESEARCHFLOW_REDIS_CA`.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join(CERTIFICATE)
    }
}

/// A certificate for `localhost` and its key, as files in a folder.
pub(crate) fn certify(folder: &Path) -> (PathBuf, PathBuf) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let files = (folder.join(CERTIFICATE), folder.join("redis.key"));
    fs::write(&files.0, cert.pem()).expect("a file");
    fs::write(&files.1, signing_key.serialize_pem()).expect("a file");
    files
}
