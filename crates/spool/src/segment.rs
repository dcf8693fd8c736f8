//! One file of the row.

use crate::frame::{Cipher, Content};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a file holds that is to be taken out of the spool.
#[derive(Debug)]
pub struct Segment {
    pub(crate) number: u64,
    /// What can be read of it, in order.
    pub frames: Vec<Vec<u8>>,
    /// How many stretches of the file cannot be read. Unless there are none, it is set aside and not
    /// deleted.
    pub damaged: u64,
}

/// A file that nothing more is written to.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) number: u64,
    pub(crate) bytes: u64,
}

/// The file that is written to.
pub(crate) struct Open {
    pub(crate) number: u64,
    pub(crate) bytes: u64,
    file: File,
}

const EXTENSION: &str = "segment";

/// The path of the file with a number.
pub(crate) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.{EXTENSION}"))
}

/// What it is called when it is set aside.
pub(crate) fn aside(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.{EXTENSION}.damaged"))
}

/// The number in a file's name, and whether it is to be read.
pub(crate) fn number_of(path: &Path) -> Option<(u64, bool)> {
    let (number, rest) = path.file_name()?.to_str()?.split_once('.')?;
    Some((number.parse().ok()?, OsStr::new(rest) == EXTENSION))
}

/// Reads a file.
pub(crate) fn read(folder: &Path, number: u64, cipher: &Cipher) -> io::Result<Content> {
    Ok(cipher.read(number, &std::fs::read(path(folder, number))?))
}

/// Cuts off a frame that was not written to its end.
pub(crate) fn cut(folder: &Path, number: u64, whole: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path(folder, number))?;
    file.set_len(whole)?;
    file.sync_all()
}

impl Open {
    /// Makes the file, which nobody else may read.
    pub(crate) fn create(folder: &Path, number: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path(folder, number))?;
        File::open(folder)?.sync_all()?;
        Ok(Self { number, bytes: 0, file })
    }

    /// Writes frames, and returns when they are on the disk.
    pub(crate) fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(frames).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.bytes += frames.len() as u64,
            // What is left, if this fails too, is a frame that ends too early.
            Err(_) => drop(self.file.set_len(self.bytes).and_then(|()| self.file.sync_data())),
        }
        written
    }

    pub(crate) fn close(self) -> Closed {
        Closed { number: self.number, bytes: self.bytes }
    }
}

#[cfg(test)]
impl Open {
    /// A file that refuses to be written to.
    pub(crate) fn for_reading(folder: &Path, number: u64, bytes: u64) -> Self {
        Self { number, bytes, file: File::open(path(folder, number)).unwrap() }
    }
}
