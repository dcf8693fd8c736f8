//! A user's second factor: enrolling, confirming, proving.

use super::recovery;
use super::store::second_factors::{self as store, SecondFactorRow};
use super::store::users::UserRow;
use super::totp::Secret;
use crate::db::{Conn, DbError};
use crate::edge::sealed;
use crate::error::{ApiError, Code};
use crate::state::AppState;

/// What a secret is encrypted for.
fn purpose(user_id: &str) -> [&[u8]; 2] {
    [b"researchflow second factor", user_id.as_bytes()]
}

/// What somebody shows of their second factor.
pub(super) enum Proof {
    /// The code that their app shows now.
    Totp(String),
    /// One of the codes that they noted down.
    Recovery(String),
}

/// Whether the user has to show a second factor.
pub(super) fn is_on(conn: &mut Conn, user_id: &str) -> Result<bool, DbError> {
    Ok(store::find(conn, user_id)?.is_some_and(|row| row.confirmed))
}

/// Makes a secret, which counts for nothing until it is confirmed.
pub(super) fn enrol(conn: &mut Conn, state: &AppState, user: &UserRow) -> Result<Secret, ApiError> {
    if is_on(conn, &user.id)? {
        return Err(ApiError::new(Code::Conflict, "The second factor is on already."));
    }
    let secret = Secret::generate();
    let sealed = sealed::seal(state, &purpose(&user.id), secret.as_bytes());
    let sealed = sealed.ok_or_else(|| ApiError::internal("the secret could not be encrypted"))?;
    let row = SecondFactorRow {
        user_id: user.id.clone(),
        secret: sealed,
        confirmed: false,
        last_step: 0,
    };
    store::replace(conn, row)?;
    Ok(secret)
}

/// Turns the second factor on if the code is right; returns the recovery codes.
pub(super) fn confirm(
    conn: &mut Conn,
    state: &AppState,
    user: &UserRow,
    code: &str,
) -> Result<Option<Vec<String>>, ApiError> {
    let row = store::find(conn, &user.id)?.filter(|row| !row.confirmed);
    let row = row.ok_or_else(|| ApiError::new(Code::Conflict, "There is no new second factor."))?;
    if !accept_totp(conn, state, &row, code)? {
        return Ok(None);
    }
    let (codes, hashes) = recovery::generate();
    store::confirm(conn, &user.id, hashes)?;
    Ok(Some(codes))
}

/// Whether the proof is good, which it then is no more.
pub(super) fn accept(
    conn: &mut Conn,
    state: &AppState,
    user_id: &str,
    proof: &Proof,
) -> Result<bool, ApiError> {
    let row = store::find(conn, user_id)?.filter(|row| row.confirmed);
    let Some(row) = row else { return Ok(false) };
    match proof {
        Proof::Totp(code) => accept_totp(conn, state, &row, code),
        Proof::Recovery(code) => Ok(store::take_code(conn, user_id, &recovery::hash(code))?),
    }
}

fn accept_totp(
    conn: &mut Conn,
    state: &AppState,
    row: &SecondFactorRow,
    code: &str,
) -> Result<bool, ApiError> {
    let secret = sealed::open(state, &purpose(&row.user_id), &row.secret);
    let secret = secret.and_then(|bytes| Secret::from_bytes(&bytes)).ok_or_else(|| {
        ApiError::internal("a second factor was sealed under another RESEARCHFLOW_SECRET_KEY")
    })?;
    let now = state.clock.now().micros().div_euclid(1_000_000);
    let Some(step) = secret.step_of(code, now) else { return Ok(false) };
    Ok(store::take_step(conn, &row.user_id, step)?)
}
