//! A Redis of one test's own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

pub(crate) struct RedisServer {
    folder: TempDir,
    port: Option<u16>,
    running: Option<(Child, BufReader<ChildStdout>)>,
}

impl RedisServer {
    /// On a socket in a folder of its own.
    pub(crate) fn start() -> Self {
        let mut server = Self { folder: tempfile::tempdir().unwrap(), port: None, running: None };
        server.restart();
        server
    }

    /// The only node of a Cluster.
    pub(crate) fn start_cluster() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { folder, port: Some(free_port()), running: None };
        server.restart();
        let _: String = server.run("CLUSTER ADDSLOTSRANGE 0 16383");
        while !server.run::<String>("CLUSTER INFO").contains("cluster_state:ok") {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        server
    }

    /// Starts it, empty.
    pub(crate) fn restart(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--save", "", "--appendonly", "no", "--dir"]).arg(self.folder.path());
        match self.port {
            Some(port) => command
                .args(["--port", &port.to_string(), "--cluster-enabled", "yes"])
                .args(["--bind", "127.0.0.1", "--cluster-port", &free_port().to_string()]),
            None => command.args(["--port", "0", "--unixsocket"]).arg(self.socket()),
        };
        let mut child = command.stdout(Stdio::piped()).spawn().expect(
            "these tests need redis-server in the PATH (Debian: apt-get install redis-server)",
        );
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("eady to accept connections") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "redis-server did not start");
        }
        self.running = Some((child, lines));
    }

    pub(crate) fn url(&self) -> String {
        match self.port {
            Some(port) => format!("redis+cluster://127.0.0.1:{port}"),
            None => self.node(),
        }
    }

    /// Runs a command and waits for its answer.
    pub(crate) fn run<T: redis_link::redis::FromRedisValue>(&self, command: &str) -> T {
        use redis_link::redis;
        let mut connection = redis::Client::open(self.node()).unwrap().get_connection().unwrap();
        let mut words = command.split(' ');
        let mut call = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            call.arg(word);
        });
        call.query(&mut connection).unwrap()
    }

    /// It lives and accepts connections, and answers nothing.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    pub(crate) fn kill(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn node(&self) -> String {
        match self.port {
            Some(port) => format!("redis://127.0.0.1:{port}"),
            None => format!("redis+unix://{}", self.socket().display()),
        }
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("redis.sock")
    }

    fn signal(&self, signal: &str) {
        let (child, _) = self.running.as_ref().unwrap();
        let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
