//! The service as a process.

use crate::database::outcome;
use crate::{Answer, Client, Database, Outcome, Worker, eventually, raw};
use redis_server::signal;
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The email of the administrator that the first start makes.
pub const ADMIN: &str = "admin@researchflow.test";
/// The administrator's password.
pub const PASSWORD: &str = "a horse, a battery and a staple";
/// The key with every scope that the first start installs.
pub const KEY: &str = "black-box-tests-bootstrap-key-0123456789";

/// A running service; dropping kills it.
pub struct Service {
    database: Database,
    settings: Vec<(String, String)>,
    flags: Vec<String>,
    process: Child,
    address: SocketAddr,
}

/// What a service is to be started with.
pub struct Builder {
    database: Database,
    settings: Vec<(String, String)>,
    flags: Vec<String>,
}

/// The variable in which a test tells what `ulimit` is to be told, for the process alone.
const LIMIT: &str = "TEST_LIMIT";

impl Builder {
    /// No file that it writes becomes longer than `kibibytes`: what goes beyond fails, as on a full
    /// disk.
    #[must_use]
    pub fn file_limit(self, kibibytes: usize) -> Self {
        self.env(LIMIT, &format!("-f {kibibytes}"))
    }

    /// It may have no more than `number` files open, unless it raises that limit itself.
    #[must_use]
    pub fn open_files(self, number: usize) -> Self {
        self.env(LIMIT, &format!("-Sn {number}"))
    }

    /// With an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a flag of `serve`.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    /// Starts it, and returns when it listens.
    ///
    /// # Panics
    /// It does not within 30 s.
    #[must_use]
    pub fn start(self) -> Service {
        let Self { database, settings, flags } = self;
        let (process, address) = launch(&database, &settings, &flags);
        Service { database, settings, flags, process, address }
    }

    /// Runs it with settings that stop its start, and returns what it says of them.
    ///
    /// # Panics
    /// It still runs after 30 s.
    pub fn refused(self) -> Outcome {
        let log = log_file(&self.database);
        let file = File::create(&log).expect("a log file");
        let process = self
            .database
            .command(&["serve"])
            .args(&self.flags)
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .expect("the binary starts");
        let Self { database, settings, flags } = self;
        let address = ([127, 0, 0, 1], 0).into();
        // Owned before anything can fail, so that it is not left running.
        let mut service = Service { database, settings, flags, process, address };
        let ended = || service.process.try_wait().expect("a child");
        let status = eventually("the start is refused", ended);
        let complaint = std::fs::read_to_string(&log).expect("the log");
        Outcome { code: status.code().unwrap_or(-1), text: String::new(), complaint }
    }
}

impl Service {
    /// With the settings that every test has.
    pub fn builder(database: Database) -> Builder {
        std::fs::create_dir_all(database.data_dir()).expect("a data directory");
        let builder = Builder { database, settings: Vec::new(), flags: Vec::new() };
        builder
            .env("RESEARCHFLOW_LISTEN", "127.0.0.1:0")
            .env("RESEARCHFLOW_LOG_FORMAT", "json")
            .env("RESEARCHFLOW_RATE_LIMITS", "off")
            .env("RESEARCHFLOW_BOOTSTRAP_ADMIN", &format!("{ADMIN}:{PASSWORD}"))
            .env("RESEARCHFLOW_BOOTSTRAP_KEY", KEY)
    }

    /// A second process with the same settings, database and data directory.
    pub fn beside(&self) -> Builder {
        let mut builder = Self::builder(Database::sqlite());
        builder.settings.extend(self.settings.iter().cloned());
        builder.flags.clone_from(&self.flags);
        builder
            .env("DATABASE_URL", &self.database.url())
            .env("RESEARCHFLOW_DATA_DIR", &self.database.data_dir().display().to_string())
    }

    /// Starts it on `database`.
    pub fn start(database: Database) -> Self {
        Self::builder(database).start()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same, as the beginning of a URL.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client without credentials.
    pub fn nobody(&self) -> Client {
        Client::new(&self.base())
    }

    /// A client with the key that may do everything in the project `default`.
    pub fn key(&self) -> Client {
        self.nobody().with_key(KEY)
    }

    /// The administrator, signed in.
    pub fn admin(&self) -> Client {
        self.nobody().sign_in(ADMIN, PASSWORD)
    }

    /// A new user, signed in; `role` in the project `default`, if there is one.
    ///
    /// # Panics
    /// The service refuses.
    pub fn user(&self, email: &str, role: Option<&str>) -> Client {
        self.database.create_user(email, PASSWORD);
        if let Some(role) = role {
            let member = serde_json::json!({"email": email, "role": role});
            let answer = self.admin().json("PUT", "/api/v1/projects/default/members", &member);
            assert!(answer.status < 300, "{answer:?}");
        }
        self.nobody().sign_in(email, PASSWORD)
    }

    /// A new key of the project `default`: its id, and a client that has it.
    ///
    /// # Panics
    /// The service refuses.
    pub fn new_key(&self, scopes: &[&str]) -> (String, Client) {
        let body = serde_json::json!({"name": "test", "scopes": scopes});
        let key = self.key().post("/api/v1/projects/default/keys", &body).expect(201);
        let secret = key["key"].as_str().expect("the key, this once");
        (key["id"].as_str().expect("an id").to_owned(), self.nobody().with_key(secret))
    }

    /// `researchflow <arguments>` with this service's settings and address.
    pub fn researchflow(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.database.command(arguments);
        let settings = self.settings.iter().cloned();
        outcome(command.envs(settings).env("RESEARCHFLOW_LISTEN", self.address.to_string()))
    }

    /// Sends bytes that no well-behaved client would, and reads what comes.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        raw::exchange(self.address, bytes)
    }

    /// A `POST` whose body may be refused before it is whole.
    pub fn raw_post(&self, path: &str, fields: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\
             content-length: {}\r\n{fields}\r\n",
            body.len()
        );
        self.raw(&[head.as_bytes(), body].concat())
    }

    /// All lines that it has logged.
    ///
    /// # Panics
    /// A line is no JSON.
    pub fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(log_file(&self.database)).expect("the log");
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        text.lines().filter(|line| !is_of_libpq(line)).map(parse).collect()
    }

    /// The most memory that it ever had resident, in bytes.
    ///
    /// # Panics
    /// There is no such process, or no Linux.
    pub fn peak_memory(&self) -> usize {
        let file = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(file).expect("a running process");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
        kilobytes.expect("VmHWM in kB") << 10
    }

    /// Ends it by SIGTERM, as an operator does, and returns how it ended.
    ///
    /// # Panics
    /// It is still there after 30 s.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        eventually("the service ends", || self.process.try_wait().expect("a child"))
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// There is no such process.
    pub fn signal(&self, name: &str) {
        signal(&self.process, name);
    }

    /// Ends it by SIGKILL.
    ///
    /// # Panics
    /// It cannot be killed.
    pub fn kill(&mut self) {
        self.process.kill().expect("a running child");
        self.process.wait().expect("a child");
    }

    /// Starts it again on the same database, at another port.
    pub fn restart(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        (self.process, self.address) = launch(&self.database, &self.settings, &self.flags);
    }

    /// A process of `researchflow worker` with the same settings.
    pub fn worker(&self) -> Worker {
        let mut command = self.database.command(&["worker"]);
        Worker::start(command.envs(self.settings.iter().cloned()), self.database.folder())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(log_file(&self.database)).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.len().saturating_sub(20);
            let tail = lines[last..].join("\n");
            // The harness shows what a failing test printed.
            #[expect(clippy::print_stdout, reason = "the log of a failing test")]
            {
                println!("the service's last lines:\n{tail}");
            }
        }
    }
}

fn log_file(database: &Database) -> PathBuf {
    database.folder().join("service.log")
}

fn launch(
    database: &Database,
    settings: &[(String, String)],
    flags: &[String],
) -> (Child, SocketAddr) {
    let log = log_file(database);
    let before = std::fs::metadata(&log).map_or(0, |file| file.len() as usize);
    let append =
        || -> File { OpenOptions::new().create(true).append(true).open(&log).expect("a log file") };
    let is_limited = settings.iter().any(|(name, _)| name == LIMIT);
    let mut process = if is_limited { limited(database) } else { database.command(&["serve"]) };
    let mut process = process
        .args(flags)
        .envs(settings.iter().cloned())
        .stdin(Stdio::null())
        .stdout(append())
        .stderr(append())
        .spawn()
        .expect("the binary starts");
    let address = eventually("the service listens", || {
        let text = std::fs::read_to_string(&log).expect("the log");
        let new = text.get(before..).unwrap_or_default();
        if let Some(status) = process.try_wait().expect("a child") {
            panic!("the service ended at its start with {status}:\n{new}");
        }
        new.lines().find_map(listening)
    });
    (process, address)
}

/// The address in the log line that says so.
pub(crate) fn listening(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = if line["fields"].is_object() { &line["fields"] } else { &line };
    if fields["message"] != "listening" {
        return None;
    }
    fields["address"].as_str()?.parse().ok()
}

/// What a server says when it ends between two queries libpq writes to standard error by itself, and
/// Diesel has no way to say that it should not.
fn is_of_libpq(line: &str) -> bool {
    ["FATAL:  ", "WARNING:  ", "DETAIL:  ", "HINT:  "].iter().any(|start| line.starts_with(start))
}

/// The service under a shell that limits it and then becomes it; bash counts in kibibytes.
fn limited(database: &Database) -> Command {
    let plain = database.command(&["serve"]);
    let limit = format!("trap '' XFSZ; ulimit ${LIMIT}; exec \"$0\" \"$@\"");
    let mut command = Command::new("/bin/bash");
    command.arg("-c").arg(limit).arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(database.folder());
    command
}
