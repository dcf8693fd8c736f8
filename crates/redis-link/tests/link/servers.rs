//! Redis servers of a test's own, to be broken.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A redis-server at a port of its own; dropping kills it.
pub(crate) struct Server {
    address: SocketAddr,
    arguments: Vec<String>,
    folder: TempDir,
    process: Child,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With more of redis-server's own arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let (address, folder) = (free_port(), tempfile::tempdir().unwrap());
        let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let process = launch(address, &arguments, &folder);
        Self { address, arguments, folder, process }
    }

    /// A Sentinel that watches a master under the name `main`, alone.
    pub(crate) fn sentinel(master: &Self) -> Self {
        let (address, folder) = (free_port(), tempfile::tempdir().unwrap());
        let config = folder.path().join("sentinel.conf");
        let watched = format!(
            "sentinel monitor main 127.0.0.1 {} 1\nsentinel down-after-milliseconds main 300\n\
             sentinel failover-timeout main 1000\n",
            master.address.port()
        );
        std::fs::write(&config, watched).unwrap();
        let arguments = vec![config.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        let process = launch(address, &arguments, &folder);
        Self { address, arguments, folder, process }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// The first line of the answer to a command.
    pub(crate) fn ask(&self, command: &str) -> String {
        ask(self.address, command).expect("an answer")
    }

    /// It lives and accepts connections, and answers nothing.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again at the same port, empty.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.process = launch(self.address, &self.arguments, &self.folder);
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A Cluster of six, each master with a replica.
pub(crate) fn cluster() -> Vec<Server> {
    let node = || Server::with(&["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"]);
    let nodes: Vec<Server> = (0..6).map(|_| node()).collect();
    let created = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(nodes.iter().map(|node| node.address.to_string()))
        .args(["--cluster-replicas", "1", "--cluster-yes"])
        .output()
        .unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
    nodes
}

/// Waits until something is so.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let given_up = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < given_up, "never: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// A Cluster's nodes also listen at the port 10,000 above.
fn free_port() -> SocketAddr {
    loop {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        if address.port() < 50_000
            && TcpListener::bind(("127.0.0.1", address.port() + 10_000)).is_ok()
        {
            return address;
        }
    }
}

fn launch(address: SocketAddr, arguments: &[String], folder: &TempDir) -> Child {
    let mut process = Command::new("redis-server")
        .args(arguments)
        .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(folder.path())
        .args(if arguments.iter().any(|it| it == "--sentinel") {
            &[][..]
        } else {
            &["--save", "", "--appendonly", "no"]
        })
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("these tests need redis-server in the PATH (Debian: apt-get install redis-server)");
    eventually("redis-server answers", || {
        assert!(process.try_wait().unwrap().is_none(), "redis-server ended at its start");
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
