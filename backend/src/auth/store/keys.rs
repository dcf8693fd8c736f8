//! API keys in the database.

use crate::auth::ApiKey;
use crate::db::schema::api_keys;
use crate::db::{Conn, DbError, on_each};
use diesel::prelude::*;

/// An API key.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = api_keys)]
#[expect(missing_docs, reason = "the columns' names say it")]
pub struct KeyRow {
    pub id: String,
    pub project_id: String,
    pub name: String,
    pub key_hash: Vec<u8>,
    pub scopes: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
    pub quota: Option<String>,
    pub rotated_at: Option<i64>,
}

/// A key that is in use, by its hash.
pub(in crate::auth) fn find_key(
    conn: &mut Conn,
    key_hash: &[u8],
) -> Result<Option<KeyRow>, DbError> {
    let in_use = api_keys::table
        .filter(api_keys::key_hash.eq(key_hash))
        .filter(api_keys::revoked_at.is_null());
    Ok(in_use.first(conn).optional()?)
}

/// Stores a key; `false` if the very key is there already.
///
/// # Errors
/// The database.
pub fn insert_key(conn: &mut Conn, key: KeyRow) -> Result<bool, DbError> {
    let added = on_each!(conn, |conn| {
        diesel::insert_into(api_keys::table).values(key).on_conflict_do_nothing().execute(conn)?
    });
    Ok(added == 1)
}

/// A page of a project's keys, newest first.
///
/// # Errors
/// The database.
pub fn keys(
    conn: &mut Conn,
    project_id: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<KeyRow>, DbError> {
    let mut query = api_keys::table.filter(api_keys::project_id.eq(project_id)).into_boxed();
    if let Some(before) = before {
        query = query.filter(api_keys::id.lt(before.to_owned()));
    }
    Ok(query.order(api_keys::id.desc()).limit(limit).load(conn)?)
}

/// A key by its id, in use or not.
///
/// # Errors
/// The database.
pub fn key(conn: &mut Conn, id: &str) -> Result<Option<KeyRow>, DbError> {
    Ok(api_keys::table.find(id).first(conn).optional()?)
}

/// Revokes a key; `false` if it was revoked before.
///
/// # Errors
/// The database.
pub fn revoke_key(conn: &mut Conn, id: &str, now: i64) -> Result<bool, DbError> {
    let in_use = api_keys::table.find(id).filter(api_keys::revoked_at.is_null());
    let revoked = diesel::update(in_use).set(api_keys::revoked_at.eq(Some(now))).execute(conn)?;
    Ok(revoked == 1)
}

/// Puts `successor` in the place of a key: the same name, scopes, quota and end. The old key stays
/// good until `until` (microseconds), so that its holders can change over. `None` if it is not in use
/// any more, or was rotated before: then nobody knows its end.
///
/// # Errors
/// The database.
pub fn rotate_key(
    conn: &mut Conn,
    old: &KeyRow,
    successor: &ApiKey,
    now: i64,
    until: i64,
) -> Result<Option<KeyRow>, DbError> {
    if old.expires_at.is_some_and(|at| at <= now) {
        return Ok(None);
    }
    let end = old.expires_at.map_or(until, |at| at.min(until));
    let in_use = api_keys::table
        .find(&old.id)
        .filter(api_keys::revoked_at.is_null())
        .filter(api_keys::rotated_at.is_null());
    let replaced = (api_keys::expires_at.eq(Some(end)), api_keys::rotated_at.eq(Some(now)));
    if diesel::update(in_use).set(replaced).execute(conn)? == 0 {
        return Ok(None);
    }
    let row = KeyRow {
        id: successor.id().to_owned(),
        key_hash: successor.hash(),
        created_at: now,
        ..old.clone()
    };
    insert_key(conn, row.clone())?;
    Ok(Some(row))
}
