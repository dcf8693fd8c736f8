//! Many processes of the service on one database, all started at once.

use crate::{ADMIN, Database, KEY, PASSWORD, eventually};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Stdio};

/// Running services; dropping kills them.
pub struct Fleet {
    members: Vec<Member>,
}

struct Member {
    process: Child,
    log: PathBuf,
    base: String,
}

impl Fleet {
    /// Starts `size` processes at once, with `settings` besides the usual ones, and returns when all
    /// listen.
    ///
    /// # Panics
    /// One of them ends, or does not listen within 30 s.
    pub fn start(database: &Database, size: usize, settings: &[(&str, &str)]) -> Self {
        let members = (0..size).map(|number| launch(database, number, settings)).collect();
        // Owned before anything can fail, so that none is left running.
        let mut fleet = Self { members };
        fleet.members.iter_mut().for_each(Member::wait);
        fleet
    }

    /// `http://host:port` of each.
    pub fn bases(&self) -> Vec<String> {
        self.members.iter().map(|member| member.base.clone()).collect()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for member in &mut self.members {
            let _ = member.process.kill();
            let _ = member.process.wait();
        }
    }
}

fn launch(database: &Database, number: usize, settings: &[(&str, &str)]) -> Member {
    let log = database.folder().join(format!("service-{number}.log"));
    let file = File::create(&log).expect("a log file");
    let process = database
        .command(&["serve"])
        .env("RESEARCHFLOW_LISTEN", "127.0.0.1:0")
        .env("RESEARCHFLOW_LOG_FORMAT", "json")
        .env("RESEARCHFLOW_RATE_LIMITS", "off")
        .env("RESEARCHFLOW_BOOTSTRAP_ADMIN", format!("{ADMIN}:{PASSWORD}"))
        .env("RESEARCHFLOW_BOOTSTRAP_KEY", KEY)
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a second handle"))
        .stderr(file)
        .spawn()
        .expect("the binary starts");
    Member { process, log, base: String::new() }
}

impl Member {
    fn wait(&mut self) {
        self.base = eventually("every service listens", || {
            let log = std::fs::read_to_string(&self.log).expect("the log");
            if let Some(status) = self.process.try_wait().expect("a child") {
                panic!("a service ended at its start with {status}:\n{log}");
            }
            log.lines().find_map(crate::service::listening).map(|at| format!("http://{at}"))
        });
    }
}
