//! Sessions in the database.

use super::users::{UserRow, user_by_id};
use crate::db::schema::sessions;
use crate::db::{Conn, DbError};
use diesel::prelude::*;

/// A session.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = sessions)]
pub(in crate::auth) struct SessionRow {
    pub(in crate::auth) id_hash: Vec<u8>,
    pub(in crate::auth) user_id: String,
    pub(in crate::auth) created_at: i64,
    pub(in crate::auth) seen_at: i64,
    pub(in crate::auth) expires_at: i64,
    pub(in crate::auth) id: String,
    pub(in crate::auth) renew_at: i64,
    pub(in crate::auth) previous_hash: Option<Vec<u8>>,
    pub(in crate::auth) previous_until: i64,
    pub(in crate::auth) address: String,
    pub(in crate::auth) user_agent: String,
    /// The OpenID provider that said who it is; `None`: they signed in with a password.
    pub(in crate::auth) issuer: Option<String>,
}

/// A new secret in the place of the present one.
pub(in crate::auth) struct Renewal<'a> {
    pub(in crate::auth) id_hash: &'a [u8],
    pub(in crate::auth) renew_at: i64,
    /// Until when the present secret stays good.
    pub(in crate::auth) previous_until: i64,
}

/// How far the clocks of two processes may be apart, in microseconds. A session that was used later
/// than this from now was used while a clock was wrong, and would outlive its times.
pub(in crate::auth) const SKEW: i64 = 5 * 60 * 1_000_000;

/// Stores a session, and drops those that are over.
pub(in crate::auth) fn insert(conn: &mut Conn, session: SessionRow) -> Result<(), DbError> {
    let over = sessions::table.filter(sessions::expires_at.le(session.created_at));
    diesel::delete(over).execute(conn)?;
    diesel::insert_into(sessions::table).values(session).execute(conn)?;
    Ok(())
}

/// The session with this secret, or with this one until a moment ago, and whose it is.
pub(in crate::auth) fn find(
    conn: &mut Conn,
    id_hash: &[u8],
    now: i64,
) -> Result<Option<(SessionRow, UserRow)>, DbError> {
    let current: Option<SessionRow> = sessions::table.find(id_hash).first(conn).optional()?;
    let found = match current {
        Some(session) => Some(session),
        None => sessions::table
            .filter(sessions::previous_hash.eq(Some(id_hash)))
            .filter(sessions::previous_until.gt(now))
            .first(conn)
            .optional()?,
    };
    let Some(session) = found else { return Ok(None) };
    let user = user_by_id(conn, &session.user_id)?;
    Ok(user.map(|user| (session, user)))
}

/// A page of a user's sessions that are not over, newest first.
pub(in crate::auth) fn list(
    conn: &mut Conn,
    user_id: &str,
    now: i64,
    idle: i64,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<SessionRow>, DbError> {
    let mut query = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::seen_at.gt(now.saturating_sub(idle)))
        .filter(sessions::seen_at.le(now + SKEW))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(sessions::id.lt(before.to_owned()));
    }
    Ok(query.order(sessions::id.desc()).limit(limit).load(conn)?)
}

/// Notes that a session was used.
pub(in crate::auth) fn touch(conn: &mut Conn, id: &str, now: i64) -> Result<(), DbError> {
    let row = sessions::table.filter(sessions::id.eq(id));
    diesel::update(row).set(sessions::seen_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Gives a session a new secret; `false` if another request did so first.
pub(in crate::auth) fn renew(
    conn: &mut Conn,
    session: &SessionRow,
    now: i64,
    renewal: &Renewal<'_>,
) -> Result<bool, DbError> {
    let new = (
        sessions::id_hash.eq(renewal.id_hash),
        sessions::seen_at.eq(now),
        sessions::renew_at.eq(renewal.renew_at),
        sessions::previous_hash.eq(Some(&session.id_hash)),
        sessions::previous_until.eq(renewal.previous_until),
    );
    Ok(diesel::update(sessions::table.find(&session.id_hash)).set(new).execute(conn)? == 1)
}

/// Gives a session a new secret and takes every earlier one back; `false` if it has ended.
pub(in crate::auth) fn replace_secret(
    conn: &mut Conn,
    id: &str,
    id_hash: &[u8],
    renew_at: i64,
) -> Result<bool, DbError> {
    let new = (
        sessions::id_hash.eq(id_hash),
        sessions::renew_at.eq(renew_at),
        sessions::previous_hash.eq(None::<Vec<u8>>),
    );
    let row = sessions::table.filter(sessions::id.eq(id));
    Ok(diesel::update(row).set(new).execute(conn)? == 1)
}

/// Has every session of a user get a new secret with its next request.
pub(in crate::auth) fn renew_all(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    let theirs = sessions::table.filter(sessions::user_id.eq(user_id));
    diesel::update(theirs).set(sessions::renew_at.eq(0)).execute(conn)?;
    Ok(())
}

/// Ends one session of a user; `false` if there is none.
pub(in crate::auth) fn end(conn: &mut Conn, user_id: &str, id: &str) -> Result<bool, DbError> {
    let theirs = sessions::table.filter(sessions::id.eq(id)).filter(sessions::user_id.eq(user_id));
    Ok(diesel::delete(theirs).execute(conn)? == 1)
}

/// Ends every session of a user but one; returns how many.
pub(in crate::auth) fn end_others(
    conn: &mut Conn,
    user_id: &str,
    kept: &str,
) -> Result<u64, DbError> {
    let others =
        sessions::table.filter(sessions::user_id.eq(user_id)).filter(sessions::id.ne(kept));
    Ok(diesel::delete(others).execute(conn)? as u64)
}

/// Ends every session of a user.
pub(in crate::auth) fn end_all(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(conn)?;
    Ok(())
}
