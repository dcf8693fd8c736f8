//! The row of files.

use crate::error::{AppendError, OpenError};
use crate::frame::{Cipher, OVERHEAD};
use crate::segment::{self, Closed, Open, Segment};
use crate::settings::Settings;
use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

/// A spool; its folder is this process's until it is dropped. Everything waits for the disk: not to
/// be called where others wait for a thread.
pub struct Spool {
    folder: PathBuf,
    cipher: Cipher,
    max_bytes: u64,
    segment_bytes: u64,
    /// The oldest first.
    closed: VecDeque<Closed>,
    open: Option<Open>,
    /// The number of the next file.
    next: u64,
    _lock: File,
}

impl Spool {
    /// Takes the folder, cuts off what was not written to its end, and shows `visit` each frame that
    /// is there, in order.
    ///
    /// # Errors
    /// Another process has the folder, or it cannot be used.
    pub fn open(settings: &Settings, mut visit: impl FnMut(&[u8])) -> Result<Self, OpenError> {
        let disk = |source| OpenError::Disk { folder: settings.folder.clone(), source };
        let lock = take(settings).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse(settings.folder.clone()));
            }
            Err(TryLockError::Error(error)) => return Err(disk(error)),
        }
        let mut spool = Self {
            folder: settings.folder.clone(),
            cipher: Cipher::new(settings.key),
            max_bytes: settings.max_bytes,
            segment_bytes: settings.segment_bytes,
            closed: VecDeque::new(),
            open: None,
            next: 1,
            _lock: lock,
        };
        spool.recover(&mut visit).map_err(disk)?;
        Ok(spool)
    }

    fn recover(&mut self, visit: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let Some((number, is_waiting)) = segment::number_of(&entry?.path()) else { continue };
            self.next = self.next.max(number.saturating_add(1));
            numbers.extend(is_waiting.then_some(number));
        }
        numbers.sort_unstable();
        for number in numbers {
            let content = segment::read(&self.folder, number, &self.cipher)?;
            let whole = content.whole as u64;
            segment::cut(&self.folder, number, whole)?;
            content.frames.iter().for_each(|frame| visit(frame));
            self.closed.push_back(Closed { number, bytes: whole });
        }
        Ok(())
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.segments() == 0
    }

    /// How many files it has.
    pub fn segments(&self) -> usize {
        self.closed.len() + usize::from(self.open.is_some())
    }

    /// How many bytes its files have.
    pub fn bytes(&self) -> u64 {
        let closed: u64 = self.closed.iter().map(|closed| closed.bytes).sum();
        closed + self.open.as_ref().map_or(0, |open| open.bytes)
    }

    /// Adds frames at the end, all or none; returns when they are on the disk.
    ///
    /// # Errors
    /// There is no room for them, or the disk is full or broken.
    pub fn append(&mut self, frames: &[Vec<u8>]) -> Result<(), AppendError> {
        let length: usize = frames.iter().map(|frame| frame.len() + OVERHEAD).sum();
        if frames.is_empty() {
            return Ok(());
        }
        if self.bytes() + length as u64 > self.max_bytes {
            return Err(AppendError::Full);
        }
        let mut open = self.writable()?;
        let mut bytes = Vec::with_capacity(length);
        for frame in frames {
            let at = (open.number, open.bytes + bytes.len() as u64);
            if self.cipher.write(at, frame, &mut bytes).is_none() {
                self.retire(open);
                return Err(AppendError::TooLong);
            }
        }
        let written = open.write(&bytes);
        match &written {
            Ok(()) => self.open = Some(open),
            // After a failed sync nobody knows what the system still believes of the file.
            Err(_) => self.retire(open),
        }
        Ok(written?)
    }

    /// The file to write to: the last one, or a new one.
    fn writable(&mut self) -> io::Result<Open> {
        match self.open.take() {
            Some(open) if open.bytes < self.segment_bytes => return Ok(open),
            Some(full) => self.retire(full),
            None => {}
        }
        let number = self.next;
        self.next += 1;
        Open::create(&self.folder, number)
    }

    /// Writes to a file no more.
    fn retire(&mut self, open: Open) {
        match open.close() {
            // If it cannot be deleted, it is found empty when the folder is opened again.
            Closed { number, bytes: 0 } => {
                drop(fs::remove_file(segment::path(&self.folder, number)));
            }
            closed => self.closed.push_back(closed),
        }
    }

    /// What is in the oldest file, if there is one. Later frames go to another.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn oldest(&mut self) -> io::Result<Option<Segment>> {
        if self.closed.is_empty()
            && let Some(open) = self.open.take()
        {
            self.retire(open);
        }
        let Some(oldest) = self.closed.front() else { return Ok(None) };
        let content = segment::read(&self.folder, oldest.number, &self.cipher)?;
        let (frames, damaged) = (content.frames, content.damaged);
        Ok(Some(Segment { number: oldest.number, frames, damaged }))
    }

    /// Forgets a file whose frames were taken out: deletes it, or sets it aside if something in it is
    /// damaged or `useless`, and returns where it is then.
    ///
    /// # Errors
    /// It cannot be deleted or renamed.
    pub fn remove(&mut self, segment: &Segment, useless: u64) -> io::Result<Option<PathBuf>> {
        let Segment { number, damaged, .. } = *segment;
        let path = segment::path(&self.folder, number);
        let aside = (damaged + useless > 0).then(|| segment::aside(&self.folder, number));
        match &aside {
            Some(aside) => fs::rename(path, aside)?,
            None => fs::remove_file(path)?,
        }
        self.closed.retain(|closed| closed.number != number);
        File::open(&self.folder)?.sync_all()?;
        Ok(aside)
    }
}

/// Makes the folder, closed to others, and the file that is to be locked.
fn take(settings: &Settings) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(&settings.folder)?;
    fs::set_permissions(&settings.folder, Permissions::from_mode(0o700))?;
    let lock = settings.folder.join("lock");
    OpenOptions::new().create(true).append(true).mode(0o600).open(lock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tempfile::TempDir;

    fn settings(folder: &TempDir) -> Settings {
        let folder = folder.path().join("spool");
        Settings { segment_bytes: 500, ..Settings::new(folder, [7; 32], 2000) }
    }

    fn open(folder: &TempDir) -> (Spool, Vec<Vec<u8>>) {
        let mut found = Vec::new();
        let spool = Spool::open(&settings(folder), |frame| found.push(frame.to_vec())).unwrap();
        (spool, found)
    }

    /// Everything, taken out.
    fn drain(spool: &mut Spool) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(mut segment) = spool.oldest().unwrap() {
            all.append(&mut segment.frames);
            spool.remove(&segment, 0).unwrap();
        }
        all
    }

    fn files(folder: &TempDir) -> Vec<PathBuf> {
        let files = fs::read_dir(folder.path().join("spool")).unwrap();
        let files = files.map(|file| file.unwrap().path()).filter(|it| !it.ends_with("lock"));
        let mut files: Vec<_> = files.collect();
        files.sort();
        files
    }

    #[test]
    fn it_is_one_process_s_and_nobody_else_may_read_it() {
        let folder = TempDir::new().unwrap();
        let (mut spool, _) = open(&folder);
        let second = Spool::open(&settings(&folder), |_| {});
        assert!(matches!(second, Err(OpenError::InUse(_))));
        spool.append(&[b"canary in a mine".to_vec()]).unwrap();
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&folder.path().join("spool")) & 0o777, 0o700);
        for file in files(&folder) {
            assert_eq!(mode(&file) & 0o777, 0o600);
            let bytes = fs::read(file).unwrap();
            assert!(!bytes.windows(6).any(|bytes| bytes == b"canary"));
        }
        drop(spool);
        assert_eq!(open(&folder).1, [b"canary in a mine"]);
    }

    #[test]
    fn it_never_grows_beyond_its_bound_and_keeps_what_it_has() {
        let folder = TempDir::new().unwrap();
        let (mut spool, _) = open(&folder);
        let mut kept = Vec::new();
        for byte in 0..100 {
            let frame = vec![byte; 100];
            match spool.append(std::slice::from_ref(&frame)) {
                Ok(()) => kept.push(frame),
                Err(error) => assert!(matches!(error, AppendError::Full), "{error}"),
            }
            assert!(spool.bytes() <= 2000);
            let on_disk: u64 = files(&folder).iter().map(|it| it.metadata().unwrap().len()).sum();
            assert_eq!(on_disk, spool.bytes());
        }
        assert_eq!(kept.len(), 2000 / (100 + OVERHEAD));
        assert_eq!(drain(&mut spool), kept);
        assert!(spool.is_empty() && spool.bytes() == 0 && files(&folder).is_empty());
        spool.append(&[vec![1; 100]]).unwrap();
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_its_good_frames_are_read() {
        let folder = TempDir::new().unwrap();
        let (mut spool, _) = open(&folder);
        let frames = ["one", "two", "three"].map(|text| text.as_bytes().to_vec());
        spool.append(&frames).unwrap();
        drop(spool);
        let file = files(&folder).remove(0);
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, &bytes).unwrap();

        let (mut spool, found) = open(&folder);
        assert_eq!(found, [b"one".to_vec(), b"three".to_vec()]);
        let segment = spool.oldest().unwrap().unwrap();
        assert_eq!((segment.frames.len(), segment.damaged), (2, 1));
        let aside = spool.remove(&segment, 0).unwrap().unwrap();
        assert_eq!(fs::read(&aside).unwrap(), bytes);
        assert_eq!(files(&folder), [aside]);
        spool.append(&frames).unwrap();
        drop(spool);
        assert_eq!(open(&folder).1, frames);
    }

    #[test]
    fn what_cannot_be_written_whole_is_cut_off() {
        let folder = TempDir::new().unwrap();
        let (mut spool, _) = open(&folder);
        spool.append(&[b"one".to_vec()]).unwrap();
        // As if the file could not be written any more: the handle is for reading alone.
        let last = spool.open.take().unwrap();
        let (number, bytes) = (last.number, last.bytes);
        spool.open = Some(Open::for_reading(&spool.folder, number, bytes));
        let error = spool.append(&[b"two".to_vec()]).unwrap_err();
        assert!(matches!(error, AppendError::Disk(_)), "{error}");
        spool.append(&[b"three".to_vec()]).unwrap();
        assert_eq!(drain(&mut spool), [b"one".to_vec(), b"three".to_vec()]);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Append(Vec<Vec<u8>>),
        TakeOne,
        /// The process is killed while it writes: so many bytes of its last frame are on the disk.
        Crash(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let frame = prop::collection::vec(any::<u8>(), 0..200);
        prop_oneof![
            4 => prop::collection::vec(frame, 0..4).prop_map(Step::Append),
            1 => Just(Step::TakeOne),
            1 => (0..100_usize).prop_map(Step::Crash),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_queue_whatever_happens(steps in prop::collection::vec(step(), 1..30)) {
            let folder = TempDir::new().unwrap();
            let (mut spool, _) = open(&folder);
            let mut queue: VecDeque<Vec<u8>> = VecDeque::new();
            for step in steps {
                match step {
                    Step::Append(frames) => match spool.append(&frames) {
                        Ok(()) => queue.extend(frames),
                        Err(error) => prop_assert!(matches!(error, AppendError::Full)),
                    },
                    Step::TakeOne => {
                        if let Some(segment) = spool.oldest().unwrap() {
                            for frame in &segment.frames {
                                let first = queue.pop_front();
                                prop_assert_eq!(Some(frame), first.as_ref());
                            }
                            prop_assert!(spool.remove(&segment, 0).unwrap().is_none());
                        }
                    }
                    Step::Crash(written) => {
                        drop(spool);
                        tear(&folder, written);
                        let (again, found) = open(&folder);
                        spool = again;
                        prop_assert_eq!(&queue, &found);
                    }
                }
            }
            prop_assert_eq!(queue, drain(&mut spool));
        }
    }

    /// The first bytes of another frame at the end of the last file.
    fn tear(folder: &TempDir, written: usize) {
        let Some(file) = files(folder).pop() else { return };
        let mut bytes = fs::read(&file).unwrap();
        let (number, _) = segment::number_of(&file).unwrap();
        let (at, mut frame) = (bytes.len() as u64, Vec::new());
        Cipher::new([7; 32]).write((number, at), &[1; 60], &mut frame).unwrap();
        bytes.extend(&frame[..written]);
        fs::write(file, bytes).unwrap();
    }
}
