//! Months that are over for 30 days, into compressed files.

use super::{api, store};
use crate::alerts;
use crate::db::{Conn, DbError};
use crate::state::AppState;
use chrono::{DateTime, Datelike, Months, NaiveDate};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const KEPT_MICROS: i64 = 30 * 24 * 3600 * 1_000_000;
/// Rows read at a time.
const CHUNK: usize = 1000;

/// Why a month could not be archived.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the file: {0}")]
    File(#[from] io::Error),
}

impl From<diesel::result::Error> for ArchiveError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Archives every month that is wholly older than 30 days.
pub(super) async fn sweep(state: &AppState) -> Result<(), ArchiveError> {
    let folder = state.config.server.data_dir.join("archive");
    let before = state.clock.now().micros() - KEPT_MICROS;
    loop {
        let oldest = |conn: &mut Conn| {
            let (sample, alert) = (store::oldest(conn)?, alerts::oldest_resolved(conn)?);
            Ok::<_, DbError>([sample, alert].into_iter().flatten().min())
        };
        let oldest = state.db.read(oldest).await?;
        let Some(month) = oldest.and_then(Month::of).filter(|month| month.end <= before) else {
            return Ok(());
        };
        let (folder, name, end) = (folder.clone(), month.name(), month.end);
        // Rows of the past do not change: what is read now is what is deleted then.
        let write = move |conn: &mut Conn| write(conn, &folder, &month);
        state.db.read(write).await?;
        let delete = move |conn: &mut Conn| {
            alerts::forget(conn, end)?;
            Ok::<_, DbError>(store::delete(conn, end)?)
        };
        let samples = state.db.write(delete).await?;
        tracing::info!(month = name, samples, "a month of metrics was archived");
    }
}

/// A month of UTC, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Month {
    first: NaiveDate,
    begin: i64,
    end: i64,
}

impl Month {
    fn of(micros: i64) -> Option<Self> {
        let first = DateTime::from_timestamp_micros(micros)?.date_naive().with_day(1)?;
        let micros = |day: NaiveDate| Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros());
        let next = first.checked_add_months(Months::new(1))?;
        Some(Self { first, begin: micros(first)?, end: micros(next)? })
    }

    fn name(&self) -> String {
        self.first.format("%Y-%m").to_string()
    }
}

/// Writes a month into a file of its own: whole and on disk, or not at all.
fn write(conn: &mut Conn, folder: &Path, month: &Month) -> Result<(), ArchiveError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = folder.join(format!("telemetry-{}.{}.new", month.name(), std::process::id()));
    let file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let mut packed = GzEncoder::new(file, Compression::default());
    packed.write_all(&alerts::lines(conn, month.begin, month.end, Some(false))?)?;
    let times = store::times(conn, month.begin, month.end)?;
    for times in times.chunks(CHUNK) {
        if let (Some(first), Some(last)) = (times.first(), times.last()) {
            packed.write_all(&api::lines(&store::between(conn, *first, *last)?))?;
        }
    }
    packed.finish()?.sync_all()?;
    place(&draft, folder, &month.name())?;
    fs::remove_file(&draft)?;
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// Gives a file the first name that is free.
fn place(draft: &Path, folder: &Path, month: &str) -> io::Result<PathBuf> {
    let names = (1..).map(|n| match n {
        1 => format!("telemetry-{month}.jsonl.gz"),
        n => format!("telemetry-{month}.{n}.jsonl.gz"),
    });
    for name in names {
        let path = folder.join(name);
        // Unlike renaming, linking does not replace what is there.
        match fs::hard_link(draft, &path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(path),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_on_its_first_day() {
        let december = Month::of(1_796_000_000_000_000).unwrap();
        assert_eq!(december.name(), "2026-11");
        assert_eq!(december.end - december.begin, 30 * 24 * 3600 * 1_000_000);
        assert_eq!(Month::of(december.end - 1), Some(december));
        assert_eq!(Month::of(december.end).unwrap().name(), "2026-12");
    }

    #[test]
    fn nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let draft = folder.path().join("draft");
        fs::write(&draft, "one").unwrap();
        let first = place(&draft, folder.path(), "2026-11").unwrap();
        fs::remove_file(&draft).unwrap();
        fs::write(&draft, "two").unwrap();
        let second = place(&draft, folder.path(), "2026-11").unwrap();
        assert_eq!(fs::read_to_string(first).unwrap(), "one");
        assert_eq!(fs::read_to_string(second).unwrap(), "two");
    }
}
