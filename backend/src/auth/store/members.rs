//! Who is in which project, in the database.

use super::sessions;
use crate::audit::Actor;
use crate::auth::Role;
use crate::db::schema::{memberships, users};
use crate::db::{Conn, DbError, on_each};
use crate::edge::forget_answers;
use diesel::prelude::*;

/// A user in a project.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "the columns' names say it")]
pub struct Member {
    pub user_id: String,
    pub email: String,
    pub role: String,
}

/// A user's role in a project.
pub(in crate::auth) fn role_of(
    conn: &mut Conn,
    project_id: &str,
    user_id: &str,
) -> Result<Option<Role>, DbError> {
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

/// Gives a user a role in a project, whatever role they had; `false` if it is the one that they have.
/// Their sessions get new ids, and what was read of [their rights](crate::auth::rights_scope) is old.
/// Whoever had none has lost nothing by it, and may still ask for the answers that they got.
///
/// # Errors
/// The database.
pub fn set_member(
    conn: &mut Conn,
    project_id: &str,
    user_id: &str,
    role: Role,
) -> Result<bool, DbError> {
    let had = role_of(conn, project_id, user_id)?;
    if had == Some(role) {
        return Ok(false);
    }
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
    match had {
        Some(_) => rights_changed(conn, user_id)?,
        None => sessions::renew_all(conn, user_id)?,
    }
    Ok(true)
}

/// Takes a user out of a project; `false` if they were not in it. Their sessions get new ids, and
/// what was read of [their rights](crate::auth::rights_scope) is old.
///
/// # Errors
/// The database.
pub fn remove_member(conn: &mut Conn, project_id: &str, user_id: &str) -> Result<bool, DbError> {
    // First the membership, then what hangs on it, as in `set_member`: else the two wait for each other.
    let removed =
        diesel::delete(memberships::table.find((project_id, user_id))).execute(conn)? == 1;
    rights_changed(conn, user_id)?;
    Ok(removed)
}

/// What was given to somebody with other rights is theirs no more.
fn rights_changed(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    // In the order of whoever changes their own credentials under an Idempotency-Key.
    sessions::renew_all(conn, user_id)?;
    forget_answers(conn, &Actor::User(user_id.to_owned()).label())
}
