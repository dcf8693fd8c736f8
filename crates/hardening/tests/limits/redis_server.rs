//! A Redis of one test's own, on a socket in a folder of its own.

use redis_link::redis;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

pub(crate) struct RedisServer {
    folder: TempDir,
    running: Option<(Child, BufReader<ChildStdout>)>,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let mut server = Self { folder: tempfile::tempdir().unwrap(), running: None };
        server.restart();
        server
    }

    /// Starts it, empty.
    pub(crate) fn restart(&mut self) {
        let mut child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(self.folder.path().join("redis.sock"))
            .arg("--dir")
            .arg(self.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect(
                "these tests need redis-server in the PATH (Debian: apt-get install redis-server)",
            );
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("ready to accept connections") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "redis-server did not start");
        }
        self.running = Some((child, lines));
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.path().join("redis.sock").display())
    }

    /// Runs a command and waits for its answer.
    pub(crate) fn run<T: redis::FromRedisValue>(&self, command: &str) -> T {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        let mut words = command.split(' ');
        let mut call = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            call.arg(word);
        });
        call.query(&mut connection).unwrap()
    }

    /// Its time in microseconds.
    pub(crate) fn time(&self) -> u64 {
        let (seconds, micros): (u64, u64) = self.run("TIME");
        seconds * 1_000_000 + micros
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
