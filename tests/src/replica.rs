//! Two PostgreSQL servers, one of which follows the other: either may die, and the other takes over.

use crate::database::{Database, outcome};
use crate::eventually;
use crate::postgres::Postgres;
use redis_server::free_address;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A primary and a standby, by which every commit waits for the other's disk. Dropping ends both.
pub struct Replicated {
    servers: [Server; 2],
    /// Which of them takes writes.
    primary: usize,
    folder: TempDir,
}

struct Server {
    port: u16,
    data: PathBuf,
    process: Option<Child>,
}

impl Replicated {
    /// Starts them, and returns when commits wait for both.
    ///
    /// # Panics
    /// They do not start, or do not follow each other within 30 s.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        if let Some(user) = User::of_servers() {
            std::os::unix::fs::chown(folder.path(), Some(user.id), Some(user.group))
                .expect("root may give files away");
        }
        let server = |name: &str| Server {
            port: free_address().port(),
            data: folder.path().join(name),
            process: None,
        };
        let servers = [server("one"), server("other")];
        let mut replicated = Self { servers, primary: 0, folder };
        let [one, _] = &replicated.servers;
        let encoding = ["-E", "UTF8", "--locale=C.UTF-8"];
        replicated.run("initdb", |it| {
            it.args(["-N", "-A", "trust", "-U", "postgres"]).args(encoding).arg("-D").arg(&one.data)
        });
        replicated.launch(0);
        replicated.follow();
        replicated
    }

    /// A new database. Its URL names both servers and nothing else; whoever asks it something is led
    /// to the one that takes writes.
    pub fn database(&self) -> Database {
        let [one, other] = self.servers.each_ref().map(|it| it.port);
        let both = format!("postgres://postgres@127.0.0.1:{one},127.0.0.1:{other}");
        Database::made(Postgres::create(both, None))
    }

    /// Ends the primary by SIGKILL. Nobody takes writes then.
    ///
    /// # Panics
    /// It ended before.
    pub fn kill_primary(&mut self) {
        let mut process = self.servers[self.primary].process.take().expect("a primary");
        process.kill().expect("a running child");
        process.wait().expect("a child");
    }

    /// Makes the primary refuse writes, with all connections left as they are, as whoever changes
    /// over by plan does first; returns when the last write is at the standby.
    ///
    /// # Panics
    /// It is not within 30 s.
    pub fn fence_primary(&self) {
        self.ask("ALTER SYSTEM SET default_transaction_read_only = on");
        self.ask("SELECT pg_reload_conf()");
        let writing = "SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL";
        let last = || (self.ask("SHOW default_transaction_read_only") == "on").then_some(());
        eventually("the primary refuses writes", last);
        eventually("nobody writes", || (self.ask(writing) == "0").then_some(()));
    }

    /// Makes the standby the primary. Its commits wait for nobody until [`follow`](Self::follow).
    ///
    /// # Panics
    /// It is not within a minute.
    pub fn promote(&mut self) {
        let standby = 1 - self.primary;
        let data = self.servers[standby].data.clone();
        self.run("pg_ctl", |it| it.arg("promote").arg("-w").arg("-D").arg(data));
        self.primary = standby;
    }

    /// Makes the other server a standby of the primary, from a copy, whatever it was before; and the
    /// primary's commits wait for it.
    ///
    /// # Panics
    /// It does not follow within 30 s.
    pub fn follow(&mut self) {
        let standby = 1 - self.primary;
        self.servers[standby].end();
        let data = self.servers[standby].data.clone();
        let _ = fs::remove_dir_all(&data);
        let port = self.servers[self.primary].port.to_string();
        self.run("pg_basebackup", |it| {
            it.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-R", "-c", "fast"])
                .args(["-X", "stream", "--no-sync", "-D"])
                .arg(data)
        });
        self.launch(standby);
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.ask("SELECT pg_reload_conf()");
        let waits = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
        eventually("commits wait for the standby", || (self.ask(waits) == "1").then_some(()));
    }

    fn launch(&mut self, number: usize) {
        let server = &self.servers[number];
        // What the primary was told by ALTER SYSTEM came with the copy, and is not for whoever is
        // promoted: it would wait for a standby that it does not have, or stay read-only.
        let settings = format!(
            "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n\
             max_connections = 60\nshared_buffers = 32MB\nsynchronous_commit = on\n",
            server.port,
            self.folder.path().display()
        );
        let auto = server.data.join("postgresql.auto.conf");
        let kept = fs::read_to_string(&auto).expect("settings");
        let is_kept = |line: &&str| line.starts_with("primary_conninfo");
        let kept: Vec<&str> = kept.lines().filter(is_kept).collect();
        fs::write(&auto, settings + &kept.join("\n") + "\n").expect("settings");
        let log = File::create(self.folder.path().join(format!("{number}.log"))).expect("a log");
        let process = program("postgres", self.folder.path())
            .arg("-D")
            .arg(&server.data)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("postgres starts");
        self.servers[number].process = Some(process);
        let port = self.servers[number].port.to_string();
        eventually("PostgreSQL answers", || {
            let mut ready = Command::new("pg_isready");
            let asked = ready.args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
            asked.expect("pg_isready runs").success().then_some(())
        });
    }

    /// The first value that the primary answers.
    fn ask(&self, sql: &str) -> String {
        let port = self.servers[self.primary].port;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let mut psql = Command::new("psql");
        let told = outcome(psql.args(["-X", "-q", "-A", "-t", "-c", sql]).arg(url));
        assert_eq!(told.code, 0, "{sql}: {told:?}");
        told.text.trim().to_owned()
    }

    fn run(&self, name: &str, arguments: impl FnOnce(&mut Command) -> &mut Command) {
        let told = outcome(arguments(&mut program(name, self.folder.path())));
        assert_eq!(told.code, 0, "{name}: {told:?}");
    }
}

impl Server {
    fn end(&mut self) {
        // SIGQUIT: it ends its own processes first, which SIGKILL would leave to themselves.
        if let Some(mut process) = self.process.take() {
            redis_server::signal(&process, "QUIT");
            let _ = process.wait();
        }
    }
}

impl Drop for Replicated {
    fn drop(&mut self) {
        self.servers.iter_mut().for_each(Server::end);
    }
}

/// One of PostgreSQL's programs, as a user that it accepts.
fn program(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder);
    if let Some(user) = User::of_servers() {
        command.uid(user.id).gid(user.group);
    }
    command
}

/// Whom PostgreSQL runs as in root's place, which it refuses to be.
struct User {
    id: u32,
    group: u32,
}

impl User {
    /// `None`: whoever runs the tests.
    fn of_servers() -> Option<Self> {
        let number = |arguments: &[&str]| {
            let told = outcome(Command::new("id").args(arguments));
            told.text.trim().parse().expect("a number")
        };
        let is_root = number(&["-u"]) == 0;
        is_root
            .then(|| Self { id: number(&["-u", "postgres"]), group: number(&["-g", "postgres"]) })
    }
}
