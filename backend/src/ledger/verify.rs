//! Recomputing a whole log from the database.

use super::erase::{self, Erasure};
use super::{LedgerError, Log, read};
use crate::db::Conn;
use crate::db::schema::{
    ledger_entries, ledger_erasures, ledger_heads, ledger_records, ledger_tiles,
};
use ::ledger::note::NoteError;
use ::ledger::tile::{self, TileKind};
use ::ledger::verify::{Content, Pin, Row, Verifier};
use ::ledger::{Checkpoint, CheckpointError, VerifierKey};
use diesel::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// Faults that are listed; all are counted.
const LISTED: usize = 100;

/// What a verification found.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Which log.
    pub log: Log,
    /// Entries in the log.
    pub size: u64,
    /// Records that are there and were checked.
    pub records: u64,
    /// Records that were erased with their project.
    pub erased: u64,
    /// The recomputed root, base64.
    pub root: String,
    /// The faults, one sentence each, at most 100.
    pub faults: Vec<String>,
    /// All faults.
    pub fault_count: u64,
}

impl Outcome {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.fault_count == 0
    }

    /// Adds faults that were found elsewhere.
    pub fn add_all(&mut self, faults: Vec<String>) {
        faults.into_iter().for_each(|fault| self.add(fault));
    }

    fn add(&mut self, fault: String) {
        self.fault_count += 1;
        if self.faults.len() < LISTED {
            self.faults.push(fault);
        }
    }
}

/// A stretch of the log as it is handed to whoever checks what is derived from the records: the
/// index and canonical JSON of each record in the range.
pub type Stretch<'a> = (Range<i64>, &'a [(i64, String)]);

/// Checks what is derived from the records of a stretch; returns the faults.
pub type CheckStretch<'a, E> = dyn FnMut(&mut Conn, Stretch<'_>) -> Result<Vec<String>, E> + 'a;

/// Recomputes a log: digests, tree, tiles, signed head, any checkpoints kept elsewhere, and that
/// each missing record is covered by a sealed erasure. `check_stretch` adds faults of its own.
///
/// # Errors
/// The database; whatever is wrong with the log is in the outcome.
pub fn verify<E: From<LedgerError>>(
    conn: &mut Conn,
    log: Log,
    keys: &[VerifierKey],
    kept: Vec<Pin>,
    sealed_erasures: &[Erasure],
    check_stretch: &mut CheckStretch<'_, E>,
) -> Result<Outcome, E> {
    const STRETCH: i64 = 8 * tile::TILE_WIDTH as i64;
    let (head, mut faults) = signed_head(conn, log, keys)?;
    let size = head.checkpoint.size as i64;
    faults.extend(beyond(conn, log, size)?);
    let (erased, unsealed) = sealed_ranges(conn, log, sealed_erasures)?;
    faults.extend(unsealed);
    let mut verifier = Verifier::new(head, kept, 1);
    for start in (0..size).step_by(STRETCH as usize) {
        let range = start..(start + STRETCH).min(size);
        let records = stretch(conn, log, &range)?;
        feed(conn, log, &mut verifier, &range, &records, &erased)?;
        let plain: Vec<(i64, String)> =
            records.into_iter().map(|(index, (_, record))| (index, record)).collect();
        faults.extend(check_stretch(conn, (range, &plain))?);
    }
    let report = verifier.finish(|l, n, w| read::tile_hashes(conn, log, l, n, w))?;
    let mut outcome = Outcome {
        log,
        size: report.size,
        records: report.records,
        erased: report.erased,
        root: report.root.to_base64(),
        fault_count: report.fault_count,
        faults: report.faults.iter().map(ToString::to_string).collect(),
    };
    outcome.add_all(faults);
    Ok(outcome)
}

type Records = BTreeMap<i64, (Vec<u8>, String)>;

fn stretch(conn: &mut Conn, log: Log, range: &Range<i64>) -> Result<Records, LedgerError> {
    let rows: Vec<(i64, Vec<u8>, String)> = ledger_records::table
        .filter(ledger_records::log.eq(log.as_str()))
        .filter(ledger_records::ledger_index.ge(range.start))
        .filter(ledger_records::ledger_index.lt(range.end))
        .select((ledger_records::ledger_index, ledger_records::nonce, ledger_records::record))
        .load(conn)?;
    Ok(rows.into_iter().map(|(index, nonce, record)| (index, (nonce, record))).collect())
}

fn feed(
    conn: &mut Conn,
    log: Log,
    verifier: &mut Verifier,
    range: &Range<i64>,
    records: &Records,
    erased: &Erased,
) -> Result<(), LedgerError> {
    let width = i64::from(tile::TILE_WIDTH);
    let mut entries = Vec::new();
    for index in range.clone() {
        if index % width == 0 {
            entries = raw_bundle(conn, log, index / width)?;
        }
        let place = (index % width) as usize * ::ledger::Hash::LEN;
        let entry = entries.get(place..).unwrap_or_default();
        let entry = entry.get(..::ledger::Hash::LEN).unwrap_or(entry);
        let content = match records.get(&index) {
            Some((nonce, record)) => Content::Sealed { nonce, record: record.as_bytes() },
            None if erased.covers(index) => Content::Erased,
            // Not handed on: the verifier names the gap.
            None => continue,
        };
        let row = Row { index: index as u64, entry, content };
        verifier.push(&row, |l, n, w| lenient_tile(conn, log, l, n, w))?;
    }
    Ok(())
}

/// As it is stored, so that a bundle that was cut in the middle of an entry is a fault, not an end.
fn raw_bundle(conn: &mut Conn, log: Log, bundle: i64) -> Result<Vec<u8>, LedgerError> {
    let stored: Option<Vec<u8>> = ledger_entries::table
        .find((log.as_str(), bundle))
        .select(ledger_entries::entries)
        .first(conn)
        .optional()?;
    Ok(stored.unwrap_or_default())
}

/// A stored tile; one that cannot be read counts as empty, which the verifier names.
fn lenient_tile(
    conn: &mut Conn,
    log: Log,
    level: u8,
    index: u64,
    width: u16,
) -> Result<Vec<::ledger::Hash>, LedgerError> {
    match read::tile_hashes(conn, log, level, index, width) {
        Err(LedgerError::Inconsistent { .. }) => Ok(Vec::new()),
        other => other,
    }
}

/// The head, and what is wrong with its signature. An unreadable head covers nothing.
fn signed_head(
    conn: &mut Conn,
    log: Log,
    keys: &[VerifierKey],
) -> Result<(Pin, Vec<String>), LedgerError> {
    let stored: Option<(Vec<u8>, String)> = ledger_heads::table
        .find(log.as_str())
        .select((ledger_heads::frontier, ledger_heads::checkpoint))
        .first(conn)
        .optional()?;
    let name = "the stored head".to_owned();
    let (frontier, note) = stored.unwrap_or_default();
    let frontier = ::ledger::Frontier::from_bytes(&frontier);
    match Checkpoint::open(&note, keys) {
        Ok(checkpoint) => {
            let fits = frontier
                .is_ok_and(|edge| (edge.size(), edge.root()) == (checkpoint.size, checkpoint.root));
            let fault = "The stored edge of the tree is not what the signed head covers.";
            let faults = if fits { Vec::new() } else { vec![fault.to_owned()] };
            Ok((Pin { name, checkpoint }, faults))
        }
        Err(CheckpointError::Note(NoteError::NoKnownSignature)) if !note.is_empty() => {
            Err(LedgerError::UnknownKey(log))
        }
        Err(error) => {
            let origin = keys.iter().find(|key| key.name().ends_with(log.as_str())).map(Into::into);
            let origin = origin.ok_or(LedgerError::UnknownKey(log))?;
            let checkpoint = Checkpoint { origin, size: 0, root: ::ledger::EMPTY_ROOT };
            Ok((Pin { name, checkpoint }, vec![format!("The stored head is not valid: {error}.")]))
        }
    }
}

/// Rows that no signature covers.
fn beyond(conn: &mut Conn, log: Log, size: i64) -> Result<Vec<String>, LedgerError> {
    let outside = ledger_records::ledger_index.ge(size).or(ledger_records::ledger_index.lt(0));
    let records: Vec<i64> = ledger_records::table
        .filter(ledger_records::log.eq(log.as_str()))
        .filter(outside)
        .select(ledger_records::ledger_index)
        .limit(LISTED as i64)
        .load(conn)?;
    let mut faults: Vec<String> = records
        .into_iter()
        .map(|index| {
            format!("Record {index} lies beyond the signed head, which covers {size} records.")
        })
        .collect();
    faults.extend(stray_rows(conn, log, size)?);
    Ok(faults)
}

/// Rows of entries and tiles that are none of this log's. Those that are missing are found where
/// they are read.
fn stray_rows(conn: &mut Conn, log: Log, size: i64) -> Result<Vec<String>, LedgerError> {
    let width = i64::from(tile::TILE_WIDTH);
    let mut faults = Vec::new();
    let last = read::bundle(conn, log, (size / width) as u64).map_or(usize::MAX, |b| b.len());
    if last != (size % width) as usize {
        faults.push(format!("The entries do not end where the signed head does, at {size}."));
    }
    let bundles: i64 = ledger_entries::table
        .filter(ledger_entries::log.eq(log.as_str()))
        .count()
        .get_result(conn)?;
    let tiles: i64 =
        ledger_tiles::table.filter(ledger_tiles::log.eq(log.as_str())).count().get_result(conn)?;
    let stored_tiles = tile::tiles_of(size as u64)
        .filter(|path| !matches!(path.kind(), TileKind::Hashes { level: 0 }))
        .count() as i64;
    if (bundles, tiles) != ((size + width - 1) / width, stored_tiles) {
        faults.push(
            "There are rows of entries or tiles that the signed head does not cover, or too few."
                .to_owned(),
        );
    }
    let names = Log::ALL.map(Log::as_str);
    let of_no_log: [i64; 5] = [
        ledger_records::table.filter(ledger_records::log.ne_all(names)).count().get_result(conn)?,
        ledger_entries::table.filter(ledger_entries::log.ne_all(names)).count().get_result(conn)?,
        ledger_tiles::table.filter(ledger_tiles::log.ne_all(names)).count().get_result(conn)?,
        ledger_heads::table.filter(ledger_heads::log.ne_all(names)).count().get_result(conn)?,
        ledger_erasures::table
            .filter(ledger_erasures::log.ne_all(names))
            .count()
            .get_result(conn)?,
    ];
    if of_no_log.iter().any(|rows| *rows > 0) {
        faults.push("There are rows of a log that does not exist.".to_owned());
    }
    Ok(faults)
}

struct Erased(Vec<(i64, i64)>);

impl Erased {
    fn covers(&self, index: i64) -> bool {
        let next = self.0.partition_point(|(first, _)| *first <= index);
        let range = next.checked_sub(1).and_then(|at| self.0.get(at));
        range.is_some_and(|(_, last)| index <= *last)
    }
}

/// The erased ranges that the audit log has sealed, and a fault for each project whose are not.
fn sealed_ranges(
    conn: &mut Conn,
    log: Log,
    sealed: &[Erasure],
) -> Result<(Erased, Vec<String>), LedgerError> {
    let mut by_project: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for (first, last, project_id) in erase::erased(conn, log)? {
        by_project.entry(project_id).or_default().push((first, last));
    }
    let (mut covered, mut faults) = (Vec::new(), Vec::new());
    for erasure in sealed.iter().filter(|erasure| erasure.log == log && erasure.records > 0) {
        let span = erasure.span();
        let of_project = by_project.entry(erasure.project_id.clone()).or_default();
        let ranges: Vec<_> = of_project.extract_if(.., |(first, _)| span.contains(first)).collect();
        if erase::digest(&ranges) == erasure.ranges_sha256 {
            covered.extend(ranges);
        } else {
            let project = &erasure.project_id;
            faults.push(format!(
                "The erased ranges of project {project} are not those that the audit log sealed."
            ));
        }
    }
    for (project, _) in by_project.iter().filter(|(_, ranges)| !ranges.is_empty()) {
        faults.push(format!("The erasure of project {project} is not in the audit log."));
    }
    covered.sort_unstable();
    Ok((Erased(covered), faults))
}
