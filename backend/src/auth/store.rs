//! Users, sessions, members and keys in the database.

use super::permissions::Role;
use crate::db::schema::{api_keys, memberships, sessions, users};
use crate::db::{Conn, DbError, on_each};
use diesel::prelude::*;

/// A user.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = users)]
#[expect(missing_docs, reason = "the columns' names say it")]
pub struct UserRow {
    pub id: String,
    pub email: String,
    pub password_hash: String,
    pub is_admin: bool,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
}

/// A session.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = sessions)]
pub(super) struct SessionRow {
    pub(super) id_hash: Vec<u8>,
    pub(super) user_id: String,
    pub(super) created_at: i64,
    pub(super) seen_at: i64,
    pub(super) expires_at: i64,
}

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
}

/// A user in a project.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "the columns' names say it")]
pub struct Member {
    pub user_id: String,
    pub email: String,
    pub role: String,
}

/// Stores a user; `false` if the email is taken.
///
/// # Errors
/// The database.
pub fn create_user(conn: &mut Conn, user: UserRow) -> Result<bool, DbError> {
    let added = on_each!(conn, |conn| {
        diesel::insert_into(users::table).values(user).on_conflict_do_nothing().execute(conn)?
    });
    Ok(added == 1)
}

/// A user by email.
///
/// # Errors
/// The database.
pub fn find_user(conn: &mut Conn, email: &str) -> Result<Option<UserRow>, DbError> {
    Ok(users::table.filter(users::email.eq(email)).first(conn).optional()?)
}

/// Disables a user and ends their sessions; `None` if there is no such user.
///
/// # Errors
/// The database.
pub fn disable_user(conn: &mut Conn, email: &str, now: i64) -> Result<Option<String>, DbError> {
    let Some(user) = find_user(conn, email)? else { return Ok(None) };
    let row = users::table.find(&user.id);
    diesel::update(row).set(users::disabled_at.eq(Some(now))).execute(conn)?;
    let theirs = sessions::table.filter(sessions::user_id.eq(&user.id));
    diesel::delete(theirs).execute(conn)?;
    Ok(Some(user.id))
}

/// Whether there is any user yet.
pub(super) fn has_users(conn: &mut Conn) -> Result<bool, DbError> {
    let first: Option<String> = users::table.select(users::id).first(conn).optional()?;
    Ok(first.is_some())
}

pub(super) fn user_by_id(conn: &mut Conn, id: &str) -> Result<Option<UserRow>, DbError> {
    Ok(users::table.find(id).first(conn).optional()?)
}

pub(super) fn insert_session(conn: &mut Conn, session: SessionRow) -> Result<(), DbError> {
    let over = sessions::table.filter(sessions::expires_at.le(session.created_at));
    diesel::delete(over).execute(conn)?;
    diesel::insert_into(sessions::table).values(session).execute(conn)?;
    Ok(())
}

pub(super) fn find_session(
    conn: &mut Conn,
    id_hash: &[u8],
) -> Result<Option<(SessionRow, UserRow)>, DbError> {
    let session: Option<SessionRow> = sessions::table.find(id_hash).first(conn).optional()?;
    let Some(session) = session else { return Ok(None) };
    let user = user_by_id(conn, &session.user_id)?;
    Ok(user.map(|user| (session, user)))
}

pub(super) fn touch_session(conn: &mut Conn, id_hash: &[u8], now: i64) -> Result<(), DbError> {
    diesel::update(sessions::table.find(id_hash)).set(sessions::seen_at.eq(now)).execute(conn)?;
    Ok(())
}

pub(super) fn delete_session(conn: &mut Conn, id_hash: &[u8]) -> Result<(), DbError> {
    diesel::delete(sessions::table.find(id_hash)).execute(conn)?;
    Ok(())
}

/// A key that is in use, by its hash.
pub(super) fn find_key(conn: &mut Conn, key_hash: &[u8]) -> Result<Option<KeyRow>, DbError> {
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

/// Revokes a key; returns its project, `None` if there is no such key in use (in that project).
///
/// # Errors
/// The database.
pub fn revoke_key(
    conn: &mut Conn,
    project_id: Option<&str>,
    id: &str,
    now: i64,
) -> Result<Option<String>, DbError> {
    let key: Option<KeyRow> = api_keys::table.find(id).first(conn).optional()?;
    let in_use = key.filter(|key| {
        key.revoked_at.is_none() && project_id.is_none_or(|project| project == key.project_id)
    });
    let Some(key) = in_use else { return Ok(None) };
    let row = api_keys::table.find(id);
    diesel::update(row).set(api_keys::revoked_at.eq(Some(now))).execute(conn)?;
    Ok(Some(key.project_id))
}

/// A user's role in a project.
///
/// # Errors
/// The database.
pub fn role_of(conn: &mut Conn, project_id: &str, user_id: &str) -> Result<Option<Role>, DbError> {
    let row = memberships::table.find((project_id, user_id)).select(memberships::role);
    let role: Option<String> = row.first(conn).optional()?;
    Ok(role.and_then(|role| role.parse().ok()))
}

/// All members of a project, by email.
///
/// # Errors
/// The database.
pub fn members(conn: &mut Conn, project_id: &str) -> Result<Vec<Member>, DbError> {
    let rows = memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::project_id.eq(project_id))
        .order(users::email)
        .select((users::id, users::email, memberships::role));
    Ok(rows.load(conn)?)
}

/// Gives a user a role in a project, whatever role they had.
///
/// # Errors
/// The database.
pub fn set_member(
    conn: &mut Conn,
    project_id: &str,
    user_id: &str,
    role: Role,
) -> Result<(), DbError> {
    on_each!(conn, |conn| {
        diesel::insert_into(memberships::table)
            .values((
                memberships::project_id.eq(project_id),
                memberships::user_id.eq(user_id),
                memberships::role.eq(role.as_str()),
            ))
            .on_conflict((memberships::project_id, memberships::user_id))
            .do_update()
            .set(memberships::role.eq(role.as_str()))
            .execute(conn)?
    });
    Ok(())
}

/// Takes a user out of a project; `false` if they were not in it.
///
/// # Errors
/// The database.
pub fn remove_member(conn: &mut Conn, project_id: &str, user_id: &str) -> Result<bool, DbError> {
    Ok(diesel::delete(memberships::table.find((project_id, user_id))).execute(conn)? == 1)
}
