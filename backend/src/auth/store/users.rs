//! Users in the database.

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
    password_hash: &str,
) -> Result<(), DbError> {
    let row = users::table.find(id);
    diesel::update(row).set(users::password_hash.eq(password_hash)).execute(conn)?;
    Ok(())
}
