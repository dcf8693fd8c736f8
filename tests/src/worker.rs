//! A process of `researchflow worker`.

use crate::eventually;
use redis_server::signal;
use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running worker; dropping kills it.
pub struct Worker(Child);

impl Worker {
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(folder.join("worker.log"));
        let log = log.expect("a log file");
        let process = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn();
        Self(process.expect("the binary starts"))
    }

    /// Ends it by SIGTERM, and returns how it ended.
    ///
    /// # Panics
    /// It is still there after 30 s.
    pub fn stop(mut self) -> ExitStatus {
        signal(&self.0, "TERM");
        eventually("the worker ends", || self.0.try_wait().expect("a child"))
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// There is no such process.
    pub fn signal(&self, name: &str) {
        signal(&self.0, name);
    }

    /// Ends it by SIGKILL.
    ///
    /// # Panics
    /// It ended before.
    pub fn kill(mut self) {
        assert_eq!(self.0.try_wait().expect("a child"), None, "the worker ended by itself");
        self.0.kill().expect("a running child");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
