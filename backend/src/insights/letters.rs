//! Dead letters: entries that were given up, for people to look at.
//!
//! That an invocation is parked is in the cursor, in the database; why is in the feed, which may have
//! lost it. What somebody put into the stream where no invocation is yet is in the feed alone. Sums are exact all the same: what is parked is added up from its row. So a letter costs
//! nothing but a little time, and dropping one whose invocation is there is refused.

use super::apply;
use super::error::InsightsError;
use super::store;
use crate::db::Conn;
use crate::invocations;
use bus::{Bus, DeadLetter};
use serde::Serialize;
use std::collections::BTreeMap;

/// An entry that was given up.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Letter {
    /// Its index in the ledger; where no invocation is, what the stream had it under.
    pub index: u64,
    /// Why; null if Redis has lost it.
    pub reason: Option<String>,
    /// How often it was delivered.
    pub deliveries: Option<u64>,
    /// Whether there is an invocation behind it, which sums then read from its row.
    pub has_invocation: bool,
}

/// What came of an attempt to be done with a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is none any more.
    Done,
    /// There is no such letter.
    NoLetter,
    /// It was to be dropped with an invocation behind it.
    Refused,
}

/// The letters in the order of their indexes, with what the feeds know of them.
pub(super) fn list(conn: &mut Conn, known: &[DeadLetter]) -> Result<Vec<Letter>, InsightsError> {
    let mut told: BTreeMap<u64, Option<&DeadLetter>> =
        store::cursor(conn)?.parked().map(|index| (index, None)).collect();
    told.extend(known.iter().map(|letter| (letter.index, Some(letter))));
    let letter = |(index, told): (u64, Option<&DeadLetter>)| {
        Ok(Letter {
            index,
            reason: told.map(|it| it.reason.clone()),
            deliveries: told.map(|it| it.deliveries),
            has_invocation: invocations::stands_at(conn, index)?,
        })
    };
    told.into_iter().map(letter).collect()
}

/// Adds up the invocation behind a letter, if there is one.
///
/// # Errors
/// The database.
pub fn retry_letter(conn: &mut Conn, index: u64) -> Result<Settled, InsightsError> {
    let mut cursor = store::lock_cursor(conn)?;
    if !cursor.settle(index) {
        return Ok(Settled::NoLetter);
    }
    for facts in invocations::between(conn, &(index..=index), 1)? {
        apply::one(conn, &facts)?;
    }
    store::save_cursor(conn, &cursor)?;
    Ok(Settled::Done)
}

/// Gives up a letter for good, if no invocation is behind it.
///
/// # Errors
/// The database.
pub fn drop_letter(conn: &mut Conn, index: u64) -> Result<Settled, InsightsError> {
    let mut cursor = store::lock_cursor(conn)?;
    if !cursor.settle(index) {
        return Ok(Settled::NoLetter);
    }
    if invocations::stands_at(conn, index)? {
        return Ok(Settled::Refused);
    }
    store::save_cursor(conn, &cursor)?;
    Ok(Settled::Done)
}

/// What the feeds know of letters; a feed that does not answer knows nothing.
pub(super) async fn known(feeds: &[&Bus]) -> Vec<DeadLetter> {
    let mut known = Vec::new();
    for feed in feeds {
        known.extend(feed.dead_letters().await.unwrap_or_default());
    }
    known
}
