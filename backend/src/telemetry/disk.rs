//! The disk that the data directory is on: SQLite's file, the spool and the certificates.

use super::Registry;
use prometheus::IntGauge;
use std::path::PathBuf;

/// Its figures, read when somebody asks. Cheap to clone.
#[derive(Clone)]
pub struct Disk {
    folder: PathBuf,
    size: IntGauge,
    free: IntGauge,
}

/// How much room there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Bytes in all.
    pub size: u64,
    /// Bytes that this process may still use.
    pub free: u64,
}

impl Room {
    /// What is free, in percent.
    pub fn free_percent(self) -> f64 {
        100.0 * self.free as f64 / self.size.max(1) as f64
    }
}

impl Disk {
    /// Of the disk that `folder` is on.
    ///
    /// # Errors
    /// A metric is registered twice.
    pub fn register(folder: PathBuf, registry: &Registry) -> prometheus::Result<Self> {
        let gauge = |name, help| registry.add(IntGauge::new(name, help));
        Ok(Self {
            folder,
            size: gauge(
                "researchflow_disk_size_bytes",
                "Size of the disk that the data directory is on.",
            )?,
            free: gauge(
                "researchflow_disk_free_bytes",
                "What this process may still use of the disk that the data directory is on.",
            )?,
        })
    }

    /// How much room there is now; `None` if the system does not say.
    pub fn look(&self) -> Option<Room> {
        let disk = rustix::fs::statvfs(&self.folder).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        let room = Room { size: bytes(disk.f_blocks), free: bytes(disk.f_bavail) };
        self.size.set(i64::try_from(room.size).unwrap_or(i64::MAX));
        self.free.set(i64::try_from(room.free).unwrap_or(i64::MAX));
        Some(room)
    }
}
