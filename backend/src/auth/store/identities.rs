//! Who OpenID providers say that users are, in the database.

use super::users::{UserRow, user_by_id};
use crate::db::schema::user_identities;
use crate::db::{Conn, DbError, on_each};
use diesel::prelude::*;

/// A user, as a provider knows them.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = user_identities)]
#[expect(missing_docs, reason = "the columns' names say it")]
pub struct IdentityRow {
    pub issuer: String,
    pub subject: String,
    pub user_id: String,
    pub created_at: i64,
}

/// Whose identity it is.
pub(in crate::auth) fn find(
    conn: &mut Conn,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserRow>, DbError> {
    let row = user_identities::table.find((issuer, subject));
    let user_id: Option<String> = row.select(user_identities::user_id).first(conn).optional()?;
    let Some(user_id) = user_id else { return Ok(None) };
    user_by_id(conn, &user_id)
}

/// Whether a provider knows the user already, as whomever.
pub(in crate::auth) fn is_linked(
    conn: &mut Conn,
    issuer: &str,
    user_id: &str,
) -> Result<bool, DbError> {
    let theirs = user_identities::table
        .filter(user_identities::user_id.eq(user_id))
        .filter(user_identities::issuer.eq(issuer));
    let first: Option<String> = theirs.select(user_identities::subject).first(conn).optional()?;
    Ok(first.is_some())
}

/// Links a user to an identity; `false` if either is linked already.
///
/// # Errors
/// The database.
pub fn link_identity(conn: &mut Conn, row: IdentityRow) -> Result<bool, DbError> {
    let added = on_each!(conn, |conn| {
        diesel::insert_into(user_identities::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?
    });
    Ok(added == 1)
}
