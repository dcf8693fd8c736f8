//! Users in the database.

use crate::auth::NewPassword;
use crate::db::schema::users;
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
    pub password_expires_at: Option<i64>,
}

impl UserRow {
    /// Whether what lets a user in with a password is as it was when `verified` was read.
    pub(in crate::auth) fn is_as_verified(&self, verified: &Self) -> bool {
        self.password_hash == verified.password_hash
            && self.password_expires_at == verified.password_expires_at
            && self.disabled_at == verified.disabled_at
    }

    /// Whether their password was one for the first days, and these are over at `now` (microseconds).
    pub(in crate::auth) fn password_has_ended(&self, now: i64) -> bool {
        self.password_expires_at.is_some_and(|end| end <= now)
    }
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
    // PostgreSQL cannot store it, so that nobody has it.
    if email.contains('\0') {
        return Ok(None);
    }
    Ok(users::table.filter(users::email.eq(email)).first(conn).optional()?)
}

/// Since when (microseconds) a user is kept out, if they are.
pub(in crate::auth) fn set_disabled(
    conn: &mut Conn,
    id: &str,
    disabled_at: Option<i64>,
) -> Result<(), DbError> {
    diesel::update(users::table.find(id)).set(users::disabled_at.eq(disabled_at)).execute(conn)?;
    Ok(())
}

/// Whether there is any user yet.
///
/// # Errors
/// The database.
pub fn has_users(conn: &mut Conn) -> Result<bool, DbError> {
    let first: Option<String> = users::table.select(users::id).first(conn).optional()?;
    Ok(first.is_some())
}

pub(in crate::auth) fn user_by_id(conn: &mut Conn, id: &str) -> Result<Option<UserRow>, DbError> {
    Ok(users::table.find(id).first(conn).optional()?)
}

/// A user as they are now. Whoever changes their credentials waits until the transaction ends, as
/// this one does for a change that is under way: so no session begins by what has just changed.
pub(in crate::auth) fn lock(conn: &mut Conn, id: &str) -> Result<Option<UserRow>, DbError> {
    let row = users::table.find(id);
    Ok(match conn {
        // What points at the row may still be written.
        Conn::Pg(conn) => row.for_no_key_update().first(conn).optional()?,
        // A write transaction on SQLite holds the only lock there is.
        Conn::Sqlite(conn) => row.first(conn).optional()?,
    })
}

/// Locks a user; whether what was verified of them still holds.
pub(in crate::auth) fn lock_verified(conn: &mut Conn, verified: &UserRow) -> Result<bool, DbError> {
    Ok(lock(conn, &verified.id)?.is_some_and(|user| user.is_as_verified(verified)))
}

pub(in crate::auth) fn set_password(
    conn: &mut Conn,
    id: &str,
    password: &NewPassword,
) -> Result<(), DbError> {
    let set = (
        users::password_hash.eq(password.hash.as_str()),
        users::password_expires_at.eq(password.expires_at),
    );
    diesel::update(users::table.find(id)).set(set).execute(conn)?;
    Ok(())
}
