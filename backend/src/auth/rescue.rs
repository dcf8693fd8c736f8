//! What operators do for users, by command.

use super::NewPassword;
use super::attempt;
use super::store::users::{self, UserRow};
use super::store::{second_factors, sessions};
use crate::db::{Conn, DbError};
use crate::state::AppState;

/// Keeps a user out, from `now` on (microseconds), and ends their sessions.
///
/// # Errors
/// The database.
pub fn disable_user(conn: &mut Conn, user: &UserRow, now: i64) -> Result<(), DbError> {
    users::set_disabled(conn, &user.id, Some(now))?;
    sessions::end_all(conn, &user.id)
}

/// Lets a disabled user in again.
///
/// # Errors
/// The database.
pub fn enable_user(conn: &mut Conn, user: &UserRow) -> Result<(), DbError> {
    users::set_disabled(conn, &user.id, None)
}

/// Gives a user another password. Their sessions end, and nobody's failures to sign in to their
/// account keep them waiting.
///
/// # Errors
/// The database.
pub fn reset_password(
    conn: &mut Conn,
    state: &AppState,
    user: &UserRow,
    password: &NewPassword,
) -> Result<(), DbError> {
    users::set_password(conn, &user.id, password)?;
    attempt::forget(conn, state, &user.email)?;
    sessions::end_all(conn, &user.id)
}

/// Takes a user's second factor away, with its recovery codes, and ends their sessions; `false` if
/// they have none.
///
/// # Errors
/// The database.
pub fn reset_second_factor(conn: &mut Conn, user: &UserRow) -> Result<bool, DbError> {
    // A sign-in that is under way with it ends with the others.
    users::lock(conn, &user.id)?;
    sessions::end_all(conn, &user.id)?;
    second_factors::remove(conn, &user.id)
}
