//! A Redis of a test's own, to be broken.

use crate::eventually;
use crate::signal::signal;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A redis-server at a port of its own; dropping kills it.
pub struct Redis {
    address: SocketAddr,
    process: Child,
}

impl Redis {
    /// Starts one, and returns when it answers.
    ///
    /// # Panics
    /// It does not within 30 s.
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("its number");
        drop(free);
        Self { address, process: launch(address) }
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
        self.process = launch(self.address);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(address: SocketAddr) -> Child {
    let port = address.port().to_string();
    let mut process = Command::new("redis-server")
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
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
