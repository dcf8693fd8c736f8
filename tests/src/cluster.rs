//! A PostgreSQL cluster of a test's own, to be broken.

use crate::postgres::without_database;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A cluster that `tests/services` made; it ends with this.
pub struct Cluster {
    url: String,
    data: PathBuf,
    keeper: Child,
}

impl Cluster {
    /// Starts one.
    ///
    /// # Panics
    /// It does not start.
    pub fn start() -> Self {
        let services = concat!(env!("CARGO_MANIFEST_DIR"), "/services");
        let tell = "echo $TEST_POSTGRES_URL; echo $TEST_POSTGRES_DATA; exec cat";
        let mut keeper = Command::new(services)
            .args(["sh", "-c", tell])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/services starts");
        let mut lines = BufReader::new(keeper.stdout.take().expect("a pipe")).lines();
        let mut line = || lines.next().expect("a line").expect("text");
        let (url, data) = (without_database(&line()), line().into());
        Self { url, data, keeper }
    }

    /// `postgres://user@host:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends its main process by SIGKILL, as when memory runs out. The others see it and follow, and
    /// `tests/services` starts it again.
    ///
    /// # Panics
    /// It is not there.
    pub fn kill(&self) {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).expect("a pid file");
        let pid = file.lines().next().expect("a pid");
        let killed = Command::new("kill").args(["-s", "KILL", pid]).status();
        assert!(killed.expect("kill runs").success(), "SIGKILL to {pid}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
