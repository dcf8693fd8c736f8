//! Reading a log: heads, tiles, records, proofs.

use super::{LedgerError, Log};
use crate::db::Conn;
use crate::db::schema::{ledger_entries, ledger_heads, ledger_records, ledger_tiles};
use crate::signers::Signers;
use ::ledger::{Checkpoint, Hash, Origin, leaf_hash, proof, tile};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// What a stranger needs, beside the record, to check that it is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Proof {
    /// The record's index in the log.
    pub index: u64,
    /// The nonce, base64.
    pub nonce: String,
    /// `SHA-256(nonce ‖ record)`, base64.
    pub entry: String,
    /// The signed checkpoint that the proof leads to, a C2SP signed note.
    pub checkpoint: String,
    /// The RFC 6962 inclusion proof: sibling hashes from the leaf up, base64.
    pub inclusion_proof: Vec<String>,
}

/// The newest signed checkpoint: the note and the size it covers.
///
/// # Errors
/// The database, or a head that cannot be read.
pub fn head(conn: &mut Conn, log: Log) -> Result<(String, u64), LedgerError> {
    let note: String =
        ledger_heads::table.find(log.as_str()).select(ledger_heads::checkpoint).first(conn)?;
    let text = note.split_once("\n\n").map_or("", |(text, _)| text);
    let checkpoint: Checkpoint =
        format!("{text}\n").parse().map_err(|error| LedgerError::inconsistent(log, error))?;
    Ok((note, checkpoint.size))
}

/// A signed checkpoint of the log's first `size` entries, no more than there are. It is made from
/// the same stored tree as the head, whose signature is checked first, and Ed25519 is
/// deterministic, so it always comes out the same.
///
/// # Errors
/// The database, or a stored tree that does not lead to the signed head.
pub fn checkpoint_at(
    conn: &mut Conn,
    signers: &Signers,
    log: Log,
    size: u64,
) -> Result<String, LedgerError> {
    let (note, head_size) = head(conn, log)?;
    let key = log.key(signers);
    let signed = Checkpoint::open(&note, std::slice::from_ref(key.verifier()))
        .map_err(|error| LedgerError::inconsistent(log, error))?;
    let size = size.min(head_size);
    let root = proof::root_at(size, |l, n, w| tile_hashes(conn, log, l, n, w));
    let root = root.map_err(|error| LedgerError::inconsistent(log, error))?;
    let steps = proof::consistency(size, head_size, |l, n, w| tile_hashes(conn, log, l, n, w))
        .map_err(|error| LedgerError::inconsistent(log, error))?;
    proof::verify_consistency(size, &root, head_size, &signed.root, &steps)
        .map_err(|error| LedgerError::inconsistent(log, error))?;
    Ok(Checkpoint { origin: Origin::from(key.verifier()), size, root }.sign(key))
}

/// The first `width` hashes of a tile, or fewer if there are not so many.
///
/// # Errors
/// The database.
pub fn tile_hashes(
    conn: &mut Conn,
    log: Log,
    level: u8,
    index: u64,
    width: u16,
) -> Result<Vec<Hash>, LedgerError> {
    let mut hashes = if level == 0 {
        bundle(conn, log, index)?.iter().map(leaf_hash).collect()
    } else {
        let key = (log.as_str(), i64::from(level), index as i64);
        let stored: Option<Vec<u8>> =
            ledger_tiles::table.find(key).select(ledger_tiles::hashes).first(conn).optional()?;
        hashes_of(log, stored)?
    };
    hashes.truncate(width.into());
    Ok(hashes)
}

/// The entries of a bundle: up to 256, fewer at the log's end.
///
/// # Errors
/// The database.
pub(super) fn bundle(conn: &mut Conn, log: Log, index: u64) -> Result<Vec<Hash>, LedgerError> {
    let stored: Option<Vec<u8>> = ledger_entries::table
        .find((log.as_str(), index as i64))
        .select(ledger_entries::entries)
        .first(conn)
        .optional()?;
    hashes_of(log, stored)
}

fn hashes_of(log: Log, stored: Option<Vec<u8>>) -> Result<Vec<Hash>, LedgerError> {
    let bytes = stored.unwrap_or_default();
    tile::decode(&bytes).ok_or_else(|| LedgerError::inconsistent(log, "a stored tile is cut short"))
}

/// The RFC 6962 proof that `index` is among the first `size` entries, and the entry.
///
/// # Errors
/// The database, or there is no such entry.
pub fn inclusion(
    conn: &mut Conn,
    log: Log,
    index: u64,
    size: u64,
) -> Result<(Hash, Vec<Hash>), LedgerError> {
    let width = u64::from(tile::TILE_WIDTH);
    let entry = bundle(conn, log, index / width)?.get((index % width) as usize).copied();
    let entry = entry
        .ok_or_else(|| LedgerError::inconsistent(log, format!("there is no entry {index}")))?;
    let path = proof::inclusion(index, size, |l, n, w| tile_hashes(conn, log, l, n, w))
        .map_err(|error| LedgerError::inconsistent(log, error))?;
    Ok((entry, path))
}

/// The nonce and canonical JSON of a record; `None` if there is none or it was erased.
///
/// # Errors
/// The database.
pub fn record(
    conn: &mut Conn,
    log: Log,
    index: u64,
) -> Result<Option<(Vec<u8>, String)>, LedgerError> {
    let row = ledger_records::table
        .find((log.as_str(), index as i64))
        .select((ledger_records::nonce, ledger_records::record))
        .first(conn)
        .optional()?;
    Ok(row)
}

/// The canonical JSON of the records at these indexes, those that there are, in no certain order.
///
/// # Errors
/// The database.
pub fn records(
    conn: &mut Conn,
    log: Log,
    indexes: &[i64],
) -> Result<Vec<(i64, String)>, LedgerError> {
    let rows = ledger_records::table
        .filter(ledger_records::log.eq(log.as_str()))
        .filter(ledger_records::ledger_index.eq_any(indexes))
        .select((ledger_records::ledger_index, ledger_records::record))
        .load(conn)?;
    Ok(rows)
}

/// The records at these indexes, in this order, as they are sealed; erased ones are left out.
///
/// # Errors
/// The database, or a record is not JSON.
pub fn raw_records(
    conn: &mut Conn,
    log: Log,
    indexes: &[i64],
) -> Result<Vec<Box<RawValue>>, LedgerError> {
    let mut by_index: HashMap<i64, String> = records(conn, log, indexes)?.into_iter().collect();
    let in_order = indexes.iter().filter_map(|index| by_index.remove(index));
    let raw = in_order.map(RawValue::from_string).collect::<Result<Vec<_>, _>>();
    raw.map_err(|error| LedgerError::inconsistent(log, error))
}

/// As [`records`], with their nonces: index, nonce, canonical JSON.
///
/// # Errors
/// The database.
pub fn sealed(
    conn: &mut Conn,
    log: Log,
    indexes: &[i64],
) -> Result<Vec<(i64, Vec<u8>, String)>, LedgerError> {
    let rows = ledger_records::table
        .filter(ledger_records::log.eq(log.as_str()))
        .filter(ledger_records::ledger_index.eq_any(indexes))
        .select((ledger_records::ledger_index, ledger_records::nonce, ledger_records::record))
        .load(conn)?;
    Ok(rows)
}

/// A record with everything that proves it against the newest checkpoint; `None` if it is gone.
///
/// # Errors
/// The database, or a stored tree that does not hold together.
pub fn proof_of(
    conn: &mut Conn,
    log: Log,
    index: u64,
) -> Result<Option<(String, Proof)>, LedgerError> {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let Some((nonce, record)) = record(conn, log, index)? else { return Ok(None) };
    let (checkpoint, size) = head(conn, log)?;
    let (entry, path) = inclusion(conn, log, index, size)?;
    let proof = Proof {
        index,
        nonce: BASE64_STANDARD.encode(nonce),
        entry: entry.to_base64(),
        checkpoint,
        inclusion_proof: path.iter().map(Hash::to_base64).collect(),
    };
    Ok(Some((record, proof)))
}
