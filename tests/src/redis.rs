//! A Redis of a test's own, to be broken.

use crate::eventually;
use crate::signal::signal;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A redis-server at a port of its own; dropping kills it.
pub struct Redis {
    address: SocketAddr,
    process: Child,
    tls: Option<Tls>,
}

/// Another port, at which it speaks TLS.
struct Tls {
    port: u16,
    folder: TempDir,
}

impl Tls {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Redis {
    /// Starts one, and returns when it answers.
    ///
    /// # Panics
    /// It does not within 30 s.
    pub fn start() -> Self {
        let address = free_address();
        Self { address, process: launch(address, None), tls: None }
    }

    /// Starts one that speaks TLS at a second port, with a certificate for `localhost`.
    ///
    /// # Panics
    /// It does not answer within 30 s.
    pub fn start_tls() -> Self {
        let tls = Tls {
            port: free_address().port(),
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        fs::write(tls.path("redis.pem"), cert.pem()).expect("a file");
        fs::write(tls.path("redis.key"), signing_key.serialize_pem()).expect("a file");
        let address = free_address();
        Self { address, process: launch(address, Some(&tls)), tls: Some(tls) }
    }

    /// For `REDIS_URL`, where it speaks TLS, and for `RESEARCHFLOW_REDIS_CA`.
    ///
    /// # Panics
    /// It does not.
    pub fn tls(&self) -> (String, PathBuf) {
        let tls = self.tls.as_ref().expect("a server with TLS");
        (format!("rediss://localhost:{}", tls.port), tls.path("redis.pem"))
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
        self.process = launch(self.address, self.tls.as_ref());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("its number")
}

fn launch(address: SocketAddr, tls: Option<&Tls>) -> Child {
    let port = address.port().to_string();
    let mut command = Command::new("redis-server");
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    if let Some(tls) = tls {
        command.args(["--tls-port", &tls.port.to_string(), "--tls-auth-clients", "no"]);
        command.arg("--tls-cert-file").arg(tls.path("redis.pem"));
        command.arg("--tls-key-file").arg(tls.path("redis.key"));
    }
    let mut process = command
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
