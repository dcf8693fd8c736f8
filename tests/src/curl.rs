//! curl, for what the other client has not: TLS, and HTTP/2.

use crate::{Answer, raw};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// A way to one service by curl.
pub struct Curl {
    base: String,
    arguments: Vec<String>,
}

/// An answer, and the version of HTTP that it came by.
#[derive(Debug)]
pub struct Curled {
    /// `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// The answer.
    pub answer: Answer,
}

impl Curl {
    /// By plain HTTP.
    pub fn http(address: SocketAddr) -> Self {
        Self { base: format!("http://{address}"), arguments: Vec::new() }
    }

    /// By TLS, if the service shows a certificate that `authority` (a PEM file) vouches for.
    pub fn https(address: SocketAddr, authority: &Path) -> Self {
        let authority = authority.display().to_string();
        let arguments = vec!["--cacert".to_owned(), authority];
        Self { base: format!("https://localhost:{}", address.port()), arguments }
    }

    /// The answer at `path` to what more `arguments` say; what curl says if there is none.
    ///
    /// # Errors
    /// No answer came.
    ///
    /// # Panics
    /// There is no curl.
    pub fn ask(&self, path: &str, arguments: &[&str]) -> Result<Curled, String> {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--include", "--max-time", "30"])
            // `localhost` may be ::1 too, where nobody listens.
            .arg("--ipv4")
            .args(&self.arguments)
            .args(arguments)
            .arg(format!("{}{path}", self.base))
            .output()
            .expect("curl runs; scripts/prerequisites installs it");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let version = output.stdout.split(|byte| *byte == b' ').next().unwrap_or_default();
        let version = String::from_utf8_lossy(version).into_owned();
        let request = format!("{} {path}", arguments.join(" "));
        Ok(Curled { version, answer: raw::parse(request, &output.stdout) })
    }
}
