//! A database of one test's own, in the service's clothes: with the data directory beside it.

use crate::Cluster;
use crate::postgres::{Postgres, shared_cluster};
use crate::sqlite::{self, WriteLock};
use crate::words;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database, and the folder in which its service keeps the rest. Dropping deletes both.
pub struct Database {
    folder: TempDir,
    postgres: Option<Postgres>,
}

/// A row's column, found in the database's own schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Its type as it was declared.
    pub kind: String,
    /// Whether it is part of the primary key.
    pub key: bool,
}

/// What a command came to.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code, -1 if a signal ended it.
    pub code: i32,
    /// What it printed.
    pub text: String,
    /// What it complained of.
    pub complaint: String,
}

impl Database {
    /// A SQLite file that does not exist yet.
    ///
    /// # Panics
    /// There is no temporary folder.
    pub fn sqlite() -> Self {
        Self { folder: folder(), postgres: None }
    }

    /// A new, empty database in the cluster at `TEST_POSTGRES_URL`.
    ///
    /// # Panics
    /// There is none.
    pub fn postgres() -> Self {
        Self { folder: folder(), postgres: Some(Postgres::create(shared_cluster(), None)) }
    }

    /// A new, empty database in a cluster that the test may break.
    ///
    /// # Panics
    /// The cluster is gone.
    pub fn in_cluster(cluster: &Cluster) -> Self {
        let postgres = Postgres::create(cluster.url().to_owned(), None);
        Self { folder: folder(), postgres: Some(postgres) }
    }

    /// One that stands elsewhere already.
    pub(crate) fn made(postgres: Postgres) -> Self {
        Self { folder: folder(), postgres: Some(postgres) }
    }

    /// Which it is.
    pub fn kind(&self) -> Kind {
        if self.postgres.is_some() { Kind::Postgres } else { Kind::Sqlite }
    }

    /// For `DATABASE_URL`.
    pub fn url(&self) -> String {
        let file = || format!("sqlite://{}", self.file().display());
        self.postgres.as_ref().map_or_else(file, Postgres::url)
    }

    /// Where its PostgreSQL listens.
    ///
    /// # Panics
    /// Its URL names no one address.
    pub fn address(&self) -> Option<SocketAddr> {
        let postgres = self.postgres.as_ref()?;
        Some(postgres.address().parse().expect("an address"))
    }

    /// For `DATABASE_URL`, by way of another address, if there is one.
    pub fn url_by(&self, address: Option<SocketAddr>) -> String {
        match (&self.postgres, address) {
            (Some(postgres), Some(address)) => {
                postgres.url().replace(postgres.address(), &address.to_string())
            }
            _ => self.url(),
        }
    }

    /// The folder that belongs to the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// For `RESEARCHFLOW_DATA_DIR`.
    pub fn data_dir(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The SQLite file.
    pub fn file(&self) -> PathBuf {
        self.data_dir().join("researchflow.db")
    }

    /// Runs statements straight on the database.
    ///
    /// # Panics
    /// The database refuses them.
    pub fn execute(&self, sql: &str) {
        match &self.postgres {
            Some(postgres) => drop(postgres.query(sql)),
            None => sqlite::execute(&self.file(), sql),
        }
    }

    /// A query's rows, each value as text, NULL as nothing.
    ///
    /// # Panics
    /// The database refuses it.
    pub fn query(&self, sql: &str) -> Vec<Vec<String>> {
        match &self.postgres {
            Some(postgres) => postgres.query(sql),
            None => sqlite::query(&self.file(), sql),
        }
    }

    /// The first value of a query, a number.
    ///
    /// # Panics
    /// It is none.
    pub fn count(&self, sql: &str) -> usize {
        self.query(sql)[0][0].parse().expect("a number")
    }

    /// Every column of every table.
    pub fn columns(&self) -> Vec<Cell> {
        let sql = match self.kind() {
            Kind::Sqlite => sqlite::COLUMNS,
            Kind::Postgres => Postgres::COLUMNS,
        };
        let cell = |row: Vec<String>| match <[String; 4]>::try_from(row) {
            Ok([table, column, kind, key]) => Cell { table, column, kind, key: key == "1" },
            Err(row) => panic!("{row:?}"),
        };
        self.query(sql).into_iter().map(cell).collect()
    }

    /// A copy, data directory included. Nobody may be connected to this one.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn copy(&self) -> Self {
        let copy = folder();
        std::fs::create_dir(copy.path().join("data")).expect("a new folder");
        for file in self.data_dir().read_dir().expect("the data directory").flatten() {
            let to = copy.path().join("data").join(file.file_name());
            if file.path().is_file() {
                std::fs::copy(file.path(), to).expect("a copy");
            }
        }
        let postgres = self.postgres.as_ref().map(Postgres::copy);
        Self { folder: copy, postgres }
    }

    /// All that is at rest: every file in the folder, logs included, and every row in PostgreSQL.
    ///
    /// # Panics
    /// Something cannot be read.
    pub fn at_rest(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().expect("a folder").flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => {
                        let bytes = std::fs::read(&path).expect("a file");
                        found.push((path.display().to_string(), bytes));
                    }
                }
            }
        }
        let dump = self.postgres.as_ref().map(|it| ("pg_dump".to_owned(), it.dump()));
        found.extend(dump);
        found
    }

    /// `researchflow <arguments>` on this database.
    ///
    /// # Panics
    /// The binary is missing.
    pub fn researchflow(&self, arguments: &[&str]) -> Outcome {
        outcome(&mut self.command(arguments))
    }

    /// The same on the database at `url`.
    ///
    /// # Panics
    /// The binary is missing.
    pub fn researchflow_at(&self, url: &str, arguments: &[&str]) -> Outcome {
        outcome(self.command(arguments).env("DATABASE_URL", url))
    }

    /// Keeps every other writer out of the SQLite file, until dropped.
    ///
    /// # Panics
    /// It is no SQLite file, or somebody else has the lock.
    pub fn lock_writes(&self) -> WriteLock {
        WriteLock::take(&self.file())
    }

    /// Makes a user by the command that operators have; the password goes in by standard input.
    ///
    /// # Panics
    /// The command fails.
    pub fn create_user(&self, email: &str, password: &str) {
        let mut child = self
            .command(&["admin", "user", "create", "--email", email])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        writeln!(stdin, "{password}").expect("the password is read");
        drop(stdin);
        let output = child.wait_with_output().expect("a child");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The binary with this database's settings and no other environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .env("DATABASE_URL", self.url())
            .env("RESEARCHFLOW_DATA_DIR", self.data_dir())
            .env("RESEARCHFLOW_ENV", "development")
            .env("RUST_BACKTRACE", "1");
        #[expect(
            clippy::disallowed_methods,
            reason = "coverage of the binary, when it is measured"
        )]
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        command
    }
}

/// Runs a command to its end.
pub(crate) fn outcome(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (code, complaint) = (output.status.code().unwrap_or(-1), text(&output.stderr));
    Outcome { code, text: text(&output.stdout), complaint }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("researchflow-test-").tempdir().expect("a temporary folder")
}

/// The service's binary: `RESEARCHFLOW_BINARY`, else the one where Cargo put the test's own, `deps`
/// left out.
fn binary() -> PathBuf {
    if let Some(binary) = words("RESEARCHFLOW_BINARY") {
        return std::path::absolute(binary).expect("a path");
    }
    let test = std::env::current_exe().expect("a path");
    let folder = test.parent().expect("a folder");
    let folder = if folder.ends_with("deps") { folder.parent().expect("a folder") } else { folder };
    let binary = folder.join("researchflow");
    assert!(
        binary.is_file(),
        "{} is missing: run `make test`, or `cargo build -p researchflow` first",
        binary.display()
    );
    binary
}
