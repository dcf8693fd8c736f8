//! An SQLite file: how it is opened, and whether it is still there.
//!
//! A process goes on writing to a file that was removed, moved or replaced, and nobody will ever find
//! what it wrote. So its place is looked at in each transaction, before that counts, and that of its
//! write-ahead log, which has what was committed last.

use super::DbError;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{ConnectionError, SqliteConnection};
use rustix::fs::{Access, access};
use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

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
    /// Whether it could be written to then.
    takes_writes: OnceLock<()>,
    log: Mutex<Weak<Log>>,
    /// Whether a log lost its place that nobody is known to have copied into the file since.
    lost_a_log: AtomicBool,
}

/// What no other file has as long as this one exists: its device and inode.
type Identity = (u64, u64);

fn identity(path: &Path) -> Option<Identity> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// What SQLite keeps beside a file, at the end of a link too.
fn beside(file: &str, suffix: &str) -> PathBuf {
    let mut path = fs::canonicalize(file).unwrap_or_else(|_| file.into()).into_os_string();
    path.push(suffix);
    path.into()
}

/// The write-ahead log of all connections that are open. The last to end copies it into the file and
/// removes it, and the next has another one.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    opened: Option<Identity>,
}

/// What a connection has open. It is to be dropped after it.
#[derive(Debug)]
pub(super) struct Opened {
    file: Arc<SqliteFile>,
    log: Arc<Log>,
}

impl SqliteFile {
    pub(super) fn new(url: &str) -> Self {
        Self {
            path: path_of(url).to_owned(),
            opened: OnceLock::new(),
            takes_writes: OnceLock::new(),
            log: Mutex::default(),
            lost_a_log: AtomicBool::new(false),
        }
    }

    /// Opens it, and makes it if that is the first time.
    pub(super) fn open(self: &Arc<Self>) -> ConnectionResult<(SqliteConnection, Opened)> {
        let gone = |error: DbError| ConnectionError::BadConnection(error.to_string());
        let mut shared = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        self.check().map_err(gone)?;
        // With a second log beside one that lost its name, either would miss what is in the other.
        let log = shared.upgrade();
        match log.as_deref() {
            Some(log) => log.check().map_err(gone)?,
            None => self.check_copied().map_err(gone)?,
        }
        if self.opened.get().is_none() {
            self.keep_to_owner();
        }
        self.check_writable().map_err(gone)?;
        let mut conn = SqliteConnection::establish(&self.path)?;
        conn.batch_execute(SQLITE_SETTINGS).map_err(ConnectionError::CouldntSetupConfiguration)?;
        if let Some(found) = identity(Path::new(&self.path)) {
            self.opened.get_or_init(|| found);
        }
        self.check().map_err(gone)?;
        // A file that was empty has its log from the first reading on.
        let read = conn.batch_execute("SELECT 1 FROM sqlite_master");
        read.map_err(ConnectionError::CouldntSetupConfiguration)?;
        // The last of the others may have ended meanwhile, and taken the log with it.
        log.as_deref().map_or(Ok(()), Log::check).map_err(gone)?;
        let log = log.unwrap_or_else(|| Arc::new(Log::of(&self.path)));
        *shared = Arc::downgrade(&log);
        Ok((conn, Opened { file: Arc::clone(self), log }))
    }

    /// Whether what stands at its place is what was opened.
    ///
    /// # Errors
    /// It is something else, or nothing: unavailable until it is put back.
    fn check(&self) -> Result<(), DbError> {
        let Some(opened) = self.opened.get() else { return Ok(()) };
        if identity(Path::new(&self.path)).as_ref() == Some(opened) {
            return Ok(());
        }
        Err(DbError::Unavailable(format!(
            "{} was removed, moved or replaced; put it back, or restart",
            self.path
        )))
    }

    /// SQLite opens a file that it may not write to for reading alone, and the connection stays so when
    /// the file is as it was.
    fn check_writable(&self) -> Result<(), DbError> {
        if access(&self.path, Access::WRITE_OK).is_ok() {
            self.takes_writes.get_or_init(|| ());
        } else if self.takes_writes.get().is_some() {
            let detail = format!("{} may not be written to any more", self.path);
            return Err(DbError::Unavailable(detail));
        }
        Ok(())
    }

    /// Whether a log that lost its place is in the file. As long as another process has the file open,
    /// the end of our last connection copied nothing, and what all of them share (`…-shm`) stays.
    fn check_copied(&self) -> Result<(), DbError> {
        if self.lost_a_log.load(Relaxed) && beside(&self.path, "-shm").exists() {
            let detail = format!("{}-wal was removed, and another process has it open", self.path);
            return Err(DbError::Unavailable(detail));
        }
        self.lost_a_log.store(false, Relaxed);
        Ok(())
    }

    /// Makes a file that is not there yet, for its owner's eyes alone, at the end of a link too. What
    /// cannot be made is told by SQLite, in opening it.
    fn keep_to_owner(&self) {
        let path = Path::new(&self.path);
        let place = fs::read_link(path).map(|to| path.with_file_name(to));
        let mut new = fs::OpenOptions::new();
        let new = new.write(true).create_new(true).mode(0o600);
        let _ = new.open(place.as_deref().unwrap_or(path));
    }
}

impl Log {
    /// That of a connection that is open.
    fn of(file: &str) -> Self {
        let path = beside(file, "-wal");
        Self { opened: identity(&path), path }
    }

    fn check(&self) -> Result<(), DbError> {
        if self.opened.is_none() || identity(&self.path) == self.opened {
            return Ok(());
        }
        let path = self.path.display();
        Err(DbError::Unavailable(format!("{path} was removed, moved or replaced")))
    }
}

impl Opened {
    /// Whether what stands at the file's place, and at its log's, is what was opened.
    ///
    /// # Errors
    /// It is something else, or nothing.
    pub(super) fn check(&self) -> Result<(), DbError> {
        self.file.check()?;
        self.log.check()
    }

    /// Whether the log alone has lost its place. What is in it is not lost: the last connection to end
    /// copies it into the file.
    pub(super) fn lost_its_log(&self) -> bool {
        let is_lost = self.file.check().is_ok() && self.log.check().is_err();
        self.file.lost_a_log.fetch_or(is_lost, Relaxed);
        is_lost
    }
}
