//! Databases in a throw-away PostgreSQL cluster, by PostgreSQL's own programs.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A database; dropping it drops it.
pub(crate) struct Postgres {
    cluster: String,
    name: String,
}

impl Postgres {
    /// `table, column, type, in the primary key` of every table.
    pub(crate) const COLUMNS: &'static str = "SELECT c.relname, a.attname, \
        format_type(a.atttypid, a.atttypmod), (coalesce(a.attnum = ANY (i.indkey), false))::int \
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
        LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary \
        WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1, a.attnum";

    /// A new database in `cluster` (`postgres://user@host:port`), empty or a copy of `template`.
    pub(crate) fn create(cluster: String, template: Option<&Self>) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let like = template.map_or("template0", |it| &it.name);
        psql(&cluster, "postgres", &format!("CREATE DATABASE {name} TEMPLATE {like}"));
        Self { cluster, name }
    }

    /// A copy. Nobody may be connected to this one.
    pub(crate) fn copy(&self) -> Self {
        Self::create(self.cluster.clone(), Some(self))
    }

    /// For `DATABASE_URL`.
    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }

    /// `host:port` of the server.
    pub(crate) fn address(&self) -> &str {
        self.cluster.rsplit_once('@').expect("a URL with a user").1
    }

    pub(crate) fn query(&self, sql: &str) -> Vec<Vec<String>> {
        psql(&self.cluster, &self.name, sql)
    }

    /// Every row as text; bytes that are printable as themselves.
    pub(crate) fn dump(&self) -> Vec<u8> {
        let output = program("pg_dump")
            .env("PGOPTIONS", "-c bytea_output=escape")
            .args(["--data-only", "--dbname", &self.url()])
            .output()
            .expect("pg_dump");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // At the end of a failing test the failure is what counts.
        drop_quietly(&self.cluster, &drop);
    }
}

fn drop_quietly(cluster: &str, sql: &str) {
    let _ = command(cluster, "postgres", sql).output();
}

/// The cluster that the tests share.
pub(crate) fn shared_cluster() -> String {
    #[expect(clippy::disallowed_methods, reason = "the address comes from `tests/services`")]
    let url = std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL is not set: run `make test`, or `tests/services cargo test -p tests`",
    );
    without_database(&url)
}

/// `postgres://user@host:port` of a URL that ends in a database's name.
pub(crate) fn without_database(url: &str) -> String {
    url.rsplit_once('/').expect("a URL with a database's name").0.to_owned()
}

const COLUMN_MARK: &str = "\u{1f}";
const ROW_MARK: &str = "\u{1e}";

fn psql(cluster: &str, database: &str, sql: &str) -> Vec<Vec<String>> {
    let output = command(cluster, database, sql).output().expect("psql");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    // No row is no byte; a newline ends all others.
    let rows = text.strip_suffix('\n').map(|rows| rows.split(ROW_MARK)).into_iter().flatten();
    rows.map(|row| row.split(COLUMN_MARK).map(str::to_owned).collect()).collect()
}

fn command(cluster: &str, database: &str, sql: &str) -> Command {
    let mut command = program("psql");
    command
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
        .args(["-F", COLUMN_MARK, "-R", ROW_MARK, "-c", sql])
        .arg(format!("{cluster}/{database}"));
    command
}

/// One of PostgreSQL's programs. Of several servers it asks the one that takes writes.
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("PGTARGETSESSIONATTRS", "read-write");
    command
}
