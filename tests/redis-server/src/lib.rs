//! Redis servers of one test's own, to be broken: frozen, killed, emptied, started again.
//!
//! They are Debian's redis-server, at free ports of 127.0.0.1, in folders of their own.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "what fails in a test is to stop it"
)]

mod many;
mod signal;
mod wait;

pub use many::{PROMPT, cluster, lone_cluster, sentinel};
use redis::FromRedisValue;
pub use signal::signal;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
pub use wait::{eventually, within};

/// Nothing survives a restart.
const FORGETFUL: [&str; 4] = ["--save", "", "--appendonly", "no"];

/// A redis-server at a port of its own; dropping kills it.
pub struct Server {
    address: SocketAddr,
    arguments: Vec<String>,
    folder: TempDir,
    process: Child,
}

impl Server {
    /// Starts one, and returns when it answers.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// With more of redis-server's own arguments.
    pub fn with(arguments: &[&str]) -> Self {
        Self::in_folder(folder(), &[&FORGETFUL[..], arguments].concat())
    }

    /// With these arguments alone, in a folder that has what they name.
    pub fn in_folder(folder: TempDir, arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let address = free_address();
        let process = launch(address, &arguments, folder.path());
        Self { address, arguments, folder, process }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// The first line of the answer to a command, as the protocol has it.
    pub fn ask(&self, command: &str) -> String {
        self.try_ask(command).expect("an answer")
    }

    /// The same; `None` if none comes.
    pub fn try_ask(&self, command: &str) -> Option<String> {
        ask(self.address, command)
    }

    /// What `redis-cli` prints for a command that Redis takes.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let port = self.address.port().to_string();
        let output = Command::new("redis-cli").args(["-e", "-p", &port]).args(arguments).output();
        let output = output.expect("redis-cli runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Forgets everything, as when somebody empties it.
    pub fn flush(&self) {
        assert_eq!(self.ask("FLUSHALL"), "+OK");
    }

    /// Runs a command and waits for its answer.
    pub fn run<T: FromRedisValue>(&self, command: &str) -> T {
        let client = redis::Client::open(format!("redis://{}", self.address)).unwrap();
        let mut words = command.split(' ');
        let mut call = redis::cmd(words.next().unwrap_or_default());
        call.arg(words.collect::<Vec<_>>());
        call.query(&mut client.get_connection().unwrap()).unwrap()
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
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again at the same port, empty.
    pub fn restart(&mut self) {
        self.kill();
        self.process = launch(self.address, &self.arguments, self.folder.path());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder for a server's files.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A free port. The nodes of a Redis Cluster also listen at the port 10,000 above.
pub fn free_address() -> SocketAddr {
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
        .expect("these tests need redis-server in the PATH (Debian: apt-get install redis-server)");
    eventually("redis-server answers", || {
        if let Some(status) = process.try_wait().expect("a child") {
            panic!("redis-server ended at its start with {status}");
        }
        ask(address, "PING").filter(|answer| answer == "+PONG")
    });
    process
}

fn ask(address: SocketAddr, command: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "{command}\r\n").ok()?;
    BufReader::new(stream).lines().next()?.ok()
}
