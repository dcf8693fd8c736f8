//! A Redis of a test's own, to be broken.

use crate::eventually;
use crate::signal::signal;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Nothing survives a restart.
pub(crate) const FORGETFUL: [&str; 4] = ["--save", "", "--appendonly", "no"];

/// A redis-server at a port of its own; dropping kills it.
pub struct Redis {
    address: SocketAddr,
    process: Child,
    arguments: Vec<String>,
    folder: TempDir,
    /// Another port, at which it speaks TLS.
    tls_port: Option<u16>,
}

impl Redis {
    /// Starts one, and returns when it answers.
    ///
    /// # Panics
    /// It does not within 30 s.
    pub fn start() -> Self {
        Self::with(folder(), &FORGETFUL)
    }

    /// Starts one with these of redis-server's own arguments, in a folder of its own.
    pub(crate) fn with(folder: TempDir, arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let address = free_address();
        let process = launch(address, &arguments, folder.path());
        Self { address, process, arguments, folder, tls_port: None }
    }

    /// Starts one that speaks TLS at a second port, with a certificate for `localhost`.
    ///
    /// # Panics
    /// It does not answer within 30 s.
    pub fn start_tls() -> Self {
        let (folder, port) = (folder(), free_address().port());
        let (certificate, key) = certify(folder.path());
        let (port_text, path) = (port.to_string(), |path: &PathBuf| path.display().to_string());
        let (certificate, key) = (path(&certificate), path(&key));
        let tls = ["--tls-port", &port_text, "--tls-auth-clients", "no"];
        let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
        let mut redis = Self::with(folder, &[&FORGETFUL[..], &tls, &files].concat());
        redis.tls_port = Some(port);
        redis
    }

    /// For `REDIS_URL`, where it speaks TLS, and for `RESEARCHFLOW_REDIS_CA`.
    ///
    /// # Panics
    /// It does not.
    pub fn tls(&self) -> (String, PathBuf) {
        let port = self.tls_port.expect("a server with TLS");
        (format!("rediss://localhost:{port}"), self.folder.path().join(CERTIFICATE))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Forgets everything, as when somebody empties it.
    ///
    /// # Panics
    /// It does not answer.
    pub fn flush(&self) {
        let answer = ask(self.address, "FLUSHALL");
        assert_eq!(answer.as_deref(), Some("+OK"));
    }

    /// What `redis-cli` prints for a command.
    ///
    /// # Panics
    /// Redis refuses it, or does not answer.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let port = self.address.port().to_string();
        let output = Command::new("redis-cli").args(["-e", "-p", &port]).args(arguments).output();
        let output = output.expect("redis-cli runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// The first line of the answer to a command, as the protocol has it.
    pub(crate) fn ask(&self, command: &str) -> Option<String> {
        ask(self.address, command)
    }

    /// It lives and accepts connections, and answers nothing.
    pub fn freeze(&self) {
        signal(&self.process, "STOP");
    }

    /// It answers again.
    pub fn thaw(&self) {
        signal(&self.process, "CONT");
    }

    /// Ends it by SIGKILL.
    ///
    /// # Panics
    /// It cannot be killed.
    pub fn kill(&mut self) {
        self.process.kill().expect("a running child");
        self.process.wait().expect("a child");
    }

    /// Starts it again at the same port, empty.
    pub fn restart(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.process = launch(self.address, &self.arguments, self.folder.path());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const CERTIFICATE: &str = "redis.pem";

/// A certificate for `localhost` and its key, as files in a folder.
pub(crate) fn certify(folder: &Path) -> (PathBuf, PathBuf) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let files = (folder.join(CERTIFICATE), folder.join("redis.key"));
    fs::write(&files.0, cert.pem()).expect("a file");
    fs::write(&files.1, signing_key.serialize_pem()).expect("a file");
    files
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The nodes of a Redis Cluster also listen at the port 10,000 above.
pub(crate) fn free_address() -> SocketAddr {
    loop {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("its number");
        let above = address.port().checked_add(10_000);
        if above.is_some_and(|above| TcpListener::bind(("127.0.0.1", above)).is_ok()) {
            return address;
        }
    }
}

fn launch(address: SocketAddr, arguments: &[String], folder: &Path) -> Child {
    let mut process = Command::new("redis-server")
        // The name of a file of settings comes first, if there is one.
        .args(arguments)
        .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server starts; scripts/prerequisites installs it");
    eventually("redis-server answers", || {
        if let Some(status) = process.try_wait().expect("a child") {
            panic!("redis-server ended at its start with {status}");
        }
        ask(address, "PING").filter(|answer| answer == "+PONG")
    });
    process
}

/// The first line of the answer to a command; `None` if none comes.
fn ask(address: SocketAddr, command: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "{command}\r\n").ok()?;
    BufReader::new(stream).lines().next()?.ok()
}
