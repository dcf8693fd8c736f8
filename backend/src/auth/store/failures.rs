//! Failed attempts to sign in, in the database, so that every process sees them.

use super::sessions::SKEW;
use crate::db::schema::sign_in_failures::{self, dsl};
use crate::db::{Conn, DbError, on_each};
use diesel::prelude::*;

/// How long a failure is remembered: a slow guesser gains nothing by waiting for it.
const KEPT_MICROS: i64 = 24 * 3600 * 1_000_000;

/// What counting an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum Counted {
    /// It is refused until then (microseconds).
    Blocked(i64),
    /// It is the nth in a row, and if it fails, the next one is refused until then (microseconds).
    Nth { n: i64, until: i64 },
}

/// Counts an attempt as failed, before it is checked: attempts that run side by side are all
/// counted. A wait longer than any was counted by a clock that has been put right since: it is over.
pub(in crate::auth) fn count(
    conn: &mut Conn,
    subject: &[u8],
    now: i64,
    delay: impl Fn(i64) -> i64,
) -> Result<Counted, DbError> {
    lock(conn, subject, now + KEPT_MICROS)?;
    let row = dsl::sign_in_failures.find(subject);
    let columns = (sign_in_failures::failures, sign_in_failures::blocked_until);
    let (failures, blocked_until): (i64, i64) = row.select(columns).first(conn)?;
    let longest = now + delay(i64::MAX);
    if blocked_until > now && blocked_until <= longest + SKEW {
        return Ok(Counted::Blocked(blocked_until.min(longest)));
    }
    let n = failures + 1;
    let until = match delay(n) {
        0 => 0,
        wait => now + wait,
    };
    let counted = (sign_in_failures::failures.eq(n), sign_in_failures::blocked_until.eq(until));
    diesel::update(row).set(counted).execute(conn)?;
    Ok(Counted::Nth { n, until })
}

/// Makes the subject's row if there is none, and keeps others from it until the transaction ends.
fn lock(conn: &mut Conn, subject: &[u8], expires_at: i64) -> Result<(), DbError> {
    on_each!(conn, |conn| {
        diesel::insert_into(dsl::sign_in_failures)
            .values((
                sign_in_failures::subject.eq(subject),
                sign_in_failures::failures.eq(0),
                sign_in_failures::blocked_until.eq(0),
                sign_in_failures::expires_at.eq(expires_at),
            ))
            .on_conflict(sign_in_failures::subject)
            .do_update()
            .set(sign_in_failures::expires_at.eq(expires_at))
            .execute(conn)?
    });
    Ok(())
}

/// Takes an attempt back that was counted and did not fail. `until` is the delay that it brought;
/// another attempt's delay stays.
pub(in crate::auth) fn uncount(conn: &mut Conn, subject: &[u8], until: i64) -> Result<(), DbError> {
    let row = dsl::sign_in_failures.find(subject);
    let one_less = sign_in_failures::failures.eq(sign_in_failures::failures - 1);
    diesel::update(row).set(one_less).execute(conn)?;
    let its_own = row.filter(sign_in_failures::blocked_until.eq(until));
    diesel::update(its_own).set(sign_in_failures::blocked_until.eq(0)).execute(conn)?;
    Ok(())
}

/// Forgets all failures of a subject.
pub(in crate::auth) fn forget(conn: &mut Conn, subject: &[u8]) -> Result<(), DbError> {
    diesel::delete(dsl::sign_in_failures.find(subject)).execute(conn)?;
    Ok(())
}

/// Drops what is too old to matter.
pub(in crate::auth) fn prune(conn: &mut Conn, now: i64) -> Result<(), DbError> {
    let old = dsl::sign_in_failures.filter(sign_in_failures::expires_at.le(now));
    diesel::delete(old).execute(conn)?;
    Ok(())
}
