//! Appending: the one way into a log.

use super::{LedgerError, Log};
use crate::db::schema::{ledger_entries, ledger_heads, ledger_records, ledger_tiles};
use crate::db::{Conn, insert_rows, on_each};
use crate::signers::Signers;
use ::ledger::{Checkpoint, Frontier, Hash, NONCE_LEN, Origin, SigningKey, leaf_hash, tile};
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// A record that is ready to be appended.
#[derive(Debug, Clone)]
pub struct Sealed {
    entry: Hash,
    nonce: [u8; NONCE_LEN],
    /// Shared with whoever must have it again if the transaction fails.
    record: Arc<String>,
}

impl Sealed {
    /// Seals canonical JSON under a fresh random nonce.
    pub fn new(record: String) -> Self {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let entry = ::ledger::entry(&nonce, record.as_bytes());
        Self { entry, nonce, record: Arc::new(record) }
    }

    /// The canonical JSON.
    pub fn record(&self) -> Arc<String> {
        Arc::clone(&self.record)
    }
}

/// A log that is locked for this transaction, with what is to be appended to it.
pub struct Appender<'a> {
    log: Log,
    key: &'a SigningKey,
    first: u64,
    frontier: Frontier,
    subtrees: Vec<(u8, u64, Hash)>,
    entries: Vec<Hash>,
    records: Vec<RecordRow>,
}

#[derive(Insertable)]
#[diesel(table_name = ledger_records, treat_none_as_default_value = false)]
struct RecordRow {
    log: &'static str,
    ledger_index: i64,
    nonce: Vec<u8>,
    record: String,
}

impl<'a> Appender<'a> {
    /// Locks the log's head until the transaction ends, and checks that it is the one we signed.
    ///
    /// # Errors
    /// The database, or a stored head that is not ours or does not fit the tree.
    pub fn lock(conn: &mut Conn, signers: &'a Signers, log: Log) -> Result<Self, LedgerError> {
        let key = log.key(signers);
        let (frontier, note) = locked_head(conn, log)?;
        let head = Checkpoint::open(&note, std::slice::from_ref(key.verifier()))
            .map_err(|error| LedgerError::inconsistent(log, error))?;
        if head != checkpoint(key, &frontier) {
            return Err(LedgerError::inconsistent(log, "the tree's edge is not what it covers"));
        }
        Ok(Self {
            log,
            key,
            first: frontier.size(),
            frontier,
            subtrees: Vec::new(),
            entries: Vec::new(),
            records: Vec::new(),
        })
    }

    /// Appends a record; returns its index.
    pub fn push(&mut self, sealed: Sealed) -> u64 {
        let index = self.frontier.size();
        self.frontier.push(leaf_hash(&sealed.entry), |level, index, hash| {
            self.subtrees.push((level, index, hash));
        });
        self.entries.push(sealed.entry);
        self.records.push(RecordRow {
            log: self.log.as_str(),
            ledger_index: index as i64,
            nonce: sealed.nonce.to_vec(),
            record: Arc::unwrap_or_clone(sealed.record),
        });
        index
    }

    /// Writes everything and signs the new head; the transaction's commit makes it so.
    ///
    /// # Errors
    /// The database.
    pub fn finish(self, conn: &mut Conn) -> Result<(), LedgerError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        insert_rows!(&mut *conn, ledger_records::table, &self.records);
        write_entries(conn, self.log, self.first, &self.entries)?;
        write_subtrees(conn, self.log, &self.subtrees)?;
        write_head(conn, self.log, self.key, &self.frontier)
    }
}

/// Makes the heads of a new ledger, and takes over one that a previous key signed. Returns the
/// verifier keys that were replaced. Each head is locked until the transaction ends: a process that
/// still appends with the old key comes before or after, never between. A log begins in a database
/// that `is_new`, and never again: what was deleted must not look as if it had never been.
///
/// # Errors
/// The database, a head that an unknown key signed, or one that is gone.
pub fn adopt(
    conn: &mut Conn,
    signers: &Signers,
    is_new: bool,
) -> Result<Vec<(Log, String)>, LedgerError> {
    let mut replaced = Vec::new();
    for log in Log::ALL {
        let key = log.key(signers);
        if is_new {
            make_head(conn, log, key)?;
        } else if ledger_heads::table.find(log.as_str()).count().get_result::<i64>(conn)? == 0 {
            return Err(LedgerError::inconsistent(log, "its head was deleted; restore a backup"));
        }
        let (frontier, note) = locked_head(conn, log)?;
        if Checkpoint::open(&note, std::slice::from_ref(key.verifier())).is_err() {
            replaced.push((log, take_over(conn, signers, log, &frontier, &note)?));
        }
    }
    Ok(replaced)
}

/// The head's frontier and signed note, locked until the transaction ends.
fn locked_head(conn: &mut Conn, log: Log) -> Result<(Frontier, String), LedgerError> {
    let head = ledger_heads::table
        .find(log.as_str())
        .select((ledger_heads::frontier, ledger_heads::checkpoint));
    let (frontier, note): (Vec<u8>, String) = match conn {
        Conn::Pg(conn) => head.for_update().get_result(conn)?,
        // A write transaction on SQLite holds the only lock there is.
        Conn::Sqlite(conn) => head.get_result(conn)?,
    };
    let frontier =
        Frontier::from_bytes(&frontier).map_err(|error| LedgerError::inconsistent(log, error))?;
    Ok((frontier, note))
}

fn take_over(
    conn: &mut Conn,
    signers: &Signers,
    log: Log,
    frontier: &Frontier,
    note: &str,
) -> Result<String, LedgerError> {
    let before = signers
        .previous
        .iter()
        .find(|key| Checkpoint::open(note, &[(*key).clone()]).is_ok())
        .ok_or(LedgerError::UnknownKey(log))?;
    let head = Checkpoint::open(note, std::slice::from_ref(before))
        .map_err(|error| LedgerError::inconsistent(log, error))?;
    if (head.size, head.root) != (frontier.size(), frontier.root()) {
        return Err(LedgerError::inconsistent(log, "the tree's edge is not what it covers"));
    }
    write_head(conn, log, log.key(signers), frontier)?;
    Ok(before.to_string())
}

/// What a key says of a tree.
fn checkpoint(key: &SigningKey, frontier: &Frontier) -> Checkpoint {
    Checkpoint {
        origin: Origin::from(key.verifier()),
        size: frontier.size(),
        root: frontier.root(),
    }
}

/// An empty log's head; one that another process made meanwhile stays.
fn make_head(conn: &mut Conn, log: Log, key: &SigningKey) -> Result<(), LedgerError> {
    let empty = Frontier::new();
    let head = (
        ledger_heads::log.eq(log.as_str()),
        ledger_heads::frontier.eq(empty.to_bytes()),
        ledger_heads::checkpoint.eq(checkpoint(key, &empty).sign(key)),
    );
    on_each!(conn, |conn| {
        diesel::insert_into(ledger_heads::table)
            .values(head)
            .on_conflict_do_nothing()
            .execute(conn)?
    });
    Ok(())
}

fn write_head(
    conn: &mut Conn,
    log: Log,
    key: &SigningKey,
    frontier: &Frontier,
) -> Result<(), LedgerError> {
    let head = (
        ledger_heads::frontier.eq(frontier.to_bytes()),
        ledger_heads::checkpoint.eq(checkpoint(key, frontier).sign(key)),
    );
    on_each!(conn, |conn| {
        diesel::insert_into(ledger_heads::table)
            .values((ledger_heads::log.eq(log.as_str()), head.clone()))
            .on_conflict(ledger_heads::log)
            .do_update()
            .set(head)
            .execute(conn)?
    });
    Ok(())
}

/// Adds the entries from index `first` on to their bundles. Only the first bundle can be there.
fn write_entries(conn: &mut Conn, log: Log, first: u64, entries: &[Hash]) -> QueryResult<()> {
    let width = u64::from(tile::TILE_WIDTH);
    let mut bundles: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    if !first.is_multiple_of(width) {
        let stored = ledger_entries::table
            .find((log.as_str(), (first / width) as i64))
            .select(ledger_entries::entries)
            .get_result(conn)?;
        bundles.insert(first / width, stored);
    }
    for (index, entry) in (first..).zip(entries) {
        bundles.entry(index / width).or_default().extend(entry.as_bytes());
    }
    let rows: Vec<_> = bundles
        .into_iter()
        .map(|(bundle, entries)| {
            (
                ledger_entries::log.eq(log.as_str()),
                ledger_entries::bundle.eq(bundle as i64),
                ledger_entries::entries.eq(entries),
            )
        })
        .collect();
    on_each!(conn, |conn| {
        diesel::insert_into(ledger_entries::table)
            .values(rows)
            .on_conflict((ledger_entries::log, ledger_entries::bundle))
            .do_update()
            .set(ledger_entries::entries.eq(excluded(ledger_entries::entries)))
            .execute(conn)?
    });
    Ok(())
}

/// Adds the roots of subtrees that are complete now to their tiles. Only the first tile of a level
/// can be there.
fn write_subtrees(conn: &mut Conn, log: Log, subtrees: &[(u8, u64, Hash)]) -> QueryResult<()> {
    if subtrees.is_empty() {
        return Ok(());
    }
    let width = u64::from(tile::TILE_WIDTH);
    let mut tiles: BTreeMap<(u8, u64), Vec<u8>> = BTreeMap::new();
    for (level, index, hash) in subtrees {
        let tile = match tiles.entry((*level, index / width)) {
            Entry::Occupied(tile) => tile.into_mut(),
            Entry::Vacant(place) if index.is_multiple_of(width) => place.insert(Vec::new()),
            Entry::Vacant(place) => {
                let key = (log.as_str(), i64::from(*level), (index / width) as i64);
                let stored = ledger_tiles::table.find(key).select(ledger_tiles::hashes);
                place.insert(stored.get_result(conn)?)
            }
        };
        tile.extend(hash.as_bytes());
    }
    let rows: Vec<_> = tiles
        .into_iter()
        .map(|((level, tile), hashes)| {
            (
                ledger_tiles::log.eq(log.as_str()),
                ledger_tiles::level.eq(i64::from(level)),
                ledger_tiles::tile.eq(tile as i64),
                ledger_tiles::hashes.eq(hashes),
            )
        })
        .collect();
    on_each!(conn, |conn| {
        diesel::insert_into(ledger_tiles::table)
            .values(rows)
            .on_conflict((ledger_tiles::log, ledger_tiles::level, ledger_tiles::tile))
            .do_update()
            .set(ledger_tiles::hashes.eq(excluded(ledger_tiles::hashes)))
            .execute(conn)?
    });
    Ok(())
}
