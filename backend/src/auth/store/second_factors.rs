//! Second factors and recovery codes in the database.

use crate::db::schema::{recovery_codes, second_factors};
use crate::db::{Conn, DbError, on_each};
use diesel::prelude::*;

/// A user's second factor.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = second_factors)]
pub(in crate::auth) struct SecondFactorRow {
    pub(in crate::auth) user_id: String,
    /// Encrypted.
    pub(in crate::auth) secret: Vec<u8>,
    pub(in crate::auth) confirmed: bool,
    /// The newest time step whose code was accepted.
    pub(in crate::auth) last_step: i64,
}

/// The user's second factor, confirmed or not.
pub(in crate::auth) fn find(
    conn: &mut Conn,
    user_id: &str,
) -> Result<Option<SecondFactorRow>, DbError> {
    Ok(second_factors::table.find(user_id).first(conn).optional()?)
}

/// Stores a second factor that is not confirmed yet, in the place of another such.
pub(in crate::auth) fn replace(conn: &mut Conn, row: SecondFactorRow) -> Result<(), DbError> {
    diesel::delete(second_factors::table.find(&row.user_id)).execute(conn)?;
    diesel::insert_into(second_factors::table).values(row).execute(conn)?;
    Ok(())
}

/// How many steps later than now one can have been used, if no clock was wrong: five minutes.
const SKEW: i64 = 10;

/// Takes a time step's code as used; `false` if it, or a later one, was used already. What was used
/// while a clock was wrong keeps nobody out when it is right again.
pub(in crate::auth) fn take_step(
    conn: &mut Conn,
    user_id: &str,
    step: i64,
) -> Result<bool, DbError> {
    let unused = second_factors::last_step.lt(step).or(second_factors::last_step.gt(step + SKEW));
    let unused = second_factors::table.find(user_id).filter(unused);
    Ok(diesel::update(unused).set(second_factors::last_step.eq(step)).execute(conn)? == 1)
}

/// From now on the second factor is asked for.
pub(in crate::auth) fn confirm(conn: &mut Conn, user_id: &str) -> Result<(), DbError> {
    let row = second_factors::table.find(user_id);
    diesel::update(row).set(second_factors::confirmed.eq(true)).execute(conn)?;
    Ok(())
}

/// The user's recovery codes are these from now on.
pub(in crate::auth) fn replace_codes(
    conn: &mut Conn,
    user_id: &str,
    code_hashes: Vec<Vec<u8>>,
) -> Result<(), DbError> {
    let before = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id));
    diesel::delete(before).execute(conn)?;
    let rows: Vec<_> = code_hashes
        .into_iter()
        .map(|hash| (recovery_codes::user_id.eq(user_id), recovery_codes::code_hash.eq(hash)))
        .collect();
    on_each!(conn, |conn| {
        diesel::insert_into(recovery_codes::table).values(rows).execute(conn)?
    });
    Ok(())
}

/// Uses a recovery code up; `false` if it is none.
pub(in crate::auth) fn take_code(
    conn: &mut Conn,
    user_id: &str,
    code_hash: &[u8],
) -> Result<bool, DbError> {
    Ok(diesel::delete(recovery_codes::table.find((user_id, code_hash))).execute(conn)? == 1)
}

/// How many recovery codes are left.
pub(in crate::auth) fn codes_left(conn: &mut Conn, user_id: &str) -> Result<i64, DbError> {
    let theirs = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id));
    Ok(theirs.count().get_result(conn)?)
}

/// Removes the second factor and its recovery codes; `false` if there is none.
pub(in crate::auth) fn remove(conn: &mut Conn, user_id: &str) -> Result<bool, DbError> {
    let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user_id));
    diesel::delete(codes).execute(conn)?;
    Ok(diesel::delete(second_factors::table.find(user_id)).execute(conn)? == 1)
}
