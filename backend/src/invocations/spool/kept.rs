//! What is in the spool, and which events these are. Everything here waits for the disk.

use crate::invocations::batcher::Receipt;
use crate::invocations::intake::Prepared;
use ::spool::{AppendError, OpenError, Segment, Settings, Spool};
use invocation::Record;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why there is no spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Its folder.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// A metric is registered twice.
    #[error(transparent)]
    Metric(#[from] prometheus::Error),
    /// The thread that was to open it ended early.
    #[error("the spool could not be opened: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Why events were not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum AddError {
    #[error(transparent)]
    Disk(#[from] AppendError),
    #[error("a record cannot be read back: {0}")]
    Record(#[from] serde_json::Error),
}

/// Which event: a digest of its project and its id. A frame begins with it.
type Name = [u8; NAME];
const NAME: usize = 16;

/// The spool with the names of the events in it.
pub(super) struct Kept {
    spool: Spool,
    names: HashSet<Name>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) events: usize,
    pub(super) bytes: u64,
    pub(super) segments: usize,
}

impl Kept {
    /// Takes the folder, and finds what is in it.
    pub(super) fn open(settings: &Settings) -> Result<Self, OpenError> {
        let mut names = HashSet::new();
        let spool = Spool::open(settings, |frame| {
            names.extend(frame.first_chunk::<NAME>());
        })?;
        Ok(Self { spool, names })
    }

    pub(super) fn extent(&self) -> Extent {
        let (bytes, segments) = (self.spool.bytes(), self.spool.segments());
        Extent { events: self.names.len(), bytes, segments }
    }

    /// Puts records at the end, all or none, but for those that are there already.
    pub(super) fn add(
        &mut self,
        groups: &[Vec<Arc<String>>],
    ) -> Result<Vec<Vec<Receipt>>, AddError> {
        let (mut receipts, mut new) = (Vec::with_capacity(groups.len()), Fresh::default());
        for group in groups {
            let of_group = group.iter().map(|json| self.place(json, &mut new));
            receipts.push(of_group.collect::<Result<_, _>>()?);
        }
        self.spool.append(&new.frames)?;
        self.names.extend(new.names);
        Ok(receipts)
    }

    fn place(&self, json: &str, new: &mut Fresh) -> Result<Receipt, serde_json::Error> {
        let mut record = Record::from_canonical(json.as_bytes())?;
        record.spooled = true;
        let name = name_of(&record);
        let duplicate = self.names.contains(&name) || !new.names.insert(name);
        if !duplicate {
            new.frames.push([name.as_slice(), &record.to_canonical()?].concat());
        }
        Ok(Receipt::spooled(record.event_id.as_str().to_owned(), duplicate))
    }

    /// What has waited longest.
    pub(super) fn oldest(&mut self) -> io::Result<Option<Segment>> {
        self.spool.oldest()
    }

    /// Everything of this segment is stored but for what was `useless`; returns where it is kept if
    /// it is not deleted.
    pub(super) fn remove(
        &mut self,
        segment: &Segment,
        useless: u64,
    ) -> io::Result<Option<PathBuf>> {
        let aside = self.spool.remove(segment, useless)?;
        for name in segment.frames.iter().filter_map(|frame| frame.first_chunk::<NAME>()) {
            self.names.remove(name);
        }
        Ok(aside)
    }
}

/// What one call of [`Kept::add`] adds.
#[derive(Default)]
struct Fresh {
    names: HashSet<Name>,
    frames: Vec<Vec<u8>>,
}

fn name_of(record: &Record) -> Name {
    let mut hash = Sha256::new();
    hash.update((record.project_id.len() as u64).to_be_bytes());
    hash.update(&record.project_id);
    hash.update(record.event_id.as_str());
    let hash: [u8; 32] = hash.finalize().into();
    let mut name = Name::default();
    name.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    name
}

/// The event in a frame, ready to be stored.
pub(super) fn event_in(frame: &[u8]) -> Option<Prepared> {
    let (_, json) = frame.split_first_chunk::<NAME>()?;
    let record = Record::from_canonical(json).ok()?;
    let json = String::from_utf8(json.to_vec()).ok()?;
    Some(Prepared::new(&record, json))
}
