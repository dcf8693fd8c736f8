//! Which database, and how many connections to it.

use super::{Faults, Server};
use crate::db::Kind;
use secrecy::SecretString;
use std::path::PathBuf;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseArgs {
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`; empty: `researchflow.db` in the
    /// data directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,
    /// A file that holds the database URL.
    #[arg(long, env = "DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,
    /// Connections at most.
    #[arg(long, env = "RESEARCHFLOW_DATABASE_POOL", default_value_t = 8)]
    database_pool: u32,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Database {
    /// The URL; it may hold a password.
    pub url: SecretString,
    /// Connections at most.
    pub pool: u32,
}

impl DatabaseArgs {
    pub(super) fn validate(self, server: &Server, faults: &mut Faults) -> Database {
        use secrecy::ExposeSecret;
        let given = self.database_url.as_ref().map(ExposeSecret::expose_secret);
        let given = given.filter(|url| !url.trim().is_empty());
        let url = faults.secret("DATABASE_URL", given, self.database_url_file.as_deref());
        let url = faults.or(url, None).unwrap_or_else(|| {
            format!("sqlite://{}", server.data_dir.join("researchflow.db").display())
        });
        match Kind::of(&url) {
            None => faults.add("DATABASE_URL must start with sqlite:// or postgres://"),
            Some(Kind::Sqlite) if !names_a_file(&url) => {
                faults.add("DATABASE_URL must name a file, as in sqlite://PATH, and nothing else");
            }
            Some(_) => {}
        }
        if !(2..=1000).contains(&self.database_pool) {
            faults.add("RESEARCHFLOW_DATABASE_POOL must be from 2 to 1000");
        }
        Database { url: url.into(), pool: self.database_pool }
    }
}

/// Whether SQLite would keep the database in the file that the URL names. Of no name, and of some that
/// begin by a colon, it makes one in memory, of which each connection has its own; after `file:` and
/// in parameters it may be told to.
fn names_a_file(url: &str) -> bool {
    let path = url.split_once("://").map_or(url, |(_, path)| path);
    !(path.is_empty() || path.starts_with(':') || path.starts_with("file:") || path.contains('?'))
}
