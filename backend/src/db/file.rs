//! An SQLite file: how it is opened, and whether it is still there.
//!
//! A process goes on writing to a file that was removed, moved or replaced, and nobody will ever find
//! what it wrote. So the file's place is looked at in each transaction, before it counts.

use super::DbError;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{ConnectionError, SqliteConnection};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::sync::OnceLock;

/// WAL with full sync: a commit is on the disk before it is acknowledged. The wait for another
/// process's lock stays below the second after which a request is refused.
pub(super) const SQLITE_SETTINGS: &str = "
    PRAGMA page_size = 8192;
    PRAGMA busy_timeout = 900;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -8192;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA wal_autocheckpoint = 8000;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;";

/// The file that an SQLite URL names.
pub(super) fn path_of(url: &str) -> &str {
    url.strip_prefix("sqlite://").unwrap_or(url)
}

/// A file, and which one it was when this process first opened it.
#[derive(Debug)]
pub(super) struct SqliteFile {
    path: String,
    opened: OnceLock<Identity>,
}

/// What no other file has as long as this one exists: its device and inode.
type Identity = (u64, u64);

impl SqliteFile {
    pub(super) fn new(url: &str) -> Self {
        Self { path: path_of(url).to_owned(), opened: OnceLock::new() }
    }

    /// Opens it, and makes it if that is the first time.
    pub(super) fn open(&self) -> ConnectionResult<SqliteConnection> {
        let gone = |error: DbError| ConnectionError::BadConnection(error.to_string());
        self.check().map_err(gone)?;
        if self.opened.get().is_none() {
            self.keep_to_owner();
        }
        let mut conn = SqliteConnection::establish(&self.path)?;
        conn.batch_execute(SQLITE_SETTINGS).map_err(ConnectionError::CouldntSetupConfiguration)?;
        if let Some(found) = self.identity() {
            self.opened.get_or_init(|| found);
        }
        self.check().map_err(gone)?;
        Ok(conn)
    }

    /// Whether what stands at its place is what was opened.
    ///
    /// # Errors
    /// It is something else, or nothing: unavailable until it is put back.
    pub(super) fn check(&self) -> Result<(), DbError> {
        let Some(opened) = self.opened.get() else { return Ok(()) };
        if self.identity().as_ref() == Some(opened) {
            return Ok(());
        }
        Err(DbError::Unavailable(format!(
            "{} was removed, moved or replaced; put it back, or restart",
            self.path
        )))
    }

    fn identity(&self) -> Option<Identity> {
        let found = std::fs::metadata(&self.path).ok()?;
        Some((found.dev(), found.ino()))
    }

    /// Makes a file that is not there yet, for its owner's eyes alone. What cannot be made is told by
    /// SQLite, in opening it.
    fn keep_to_owner(&self) {
        let mut new = std::fs::OpenOptions::new();
        let _ = new.write(true).create_new(true).mode(0o600).open(&self.path);
    }
}
