//! One process alone on a SQLite file.

use super::file::path_of;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;

/// Takes the SQLite file of `url` for this process, until the returned lock is dropped. The lock is
/// on a file beside it (`….lock`); the system gives it back however the process ends.
///
/// # Errors
/// A sentence: another process has it, or the lock cannot be had.
pub fn take_alone(url: &str) -> Result<File, String> {
    let path = path_of(url);
    let lock = format!("{path}.lock");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&lock);
    let file = file.map_err(|error| format!("{lock} cannot be had: {error}."))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "Another process serves the database {path} already; several need PostgreSQL."
        )),
        Err(TryLockError::Error(error)) => Err(format!("{lock} cannot be locked: {error}.")),
    }
}
