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
pub(in crate::auth) fn has_users(conn: &mut Conn) -> Result<bool, DbError> {
    let first: Option<String> = users::table.select(users::id).first(conn).optional()?;
    Ok(first.is_some())
}

pub(in crate::auth) fn user_by_id(conn: &mut Conn, id: &str) -> Result<Option<UserRow>, DbError> {
    Ok(users::table.find(id).first(conn).optional()?)
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
