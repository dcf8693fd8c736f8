//! A user's second factor: enrolling, confirming, proving.

use super::recovery;
use super::store::second_factors::{self as store, SecondFactorRow};
use super::store::users::UserRow;
use super::totp::Secret;
use crate::audit::Act;
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

impl Proof {
    /// Of a request's two fields; the app's code goes first.
    pub(super) fn of(totp: Option<String>, recovery_code: Option<String>) -> Option<Self> {
        totp.map(Self::Totp).or(recovery_code.map(Self::Recovery))
    }

    /// The field that it came in.
    pub(super) fn pointer(&self) -> &'static str {
        match self {
            Self::Totp(_) => "/totp",
            Self::Recovery(_) => "/recovery_code",
        }
    }
}

/// What asking for the second factor came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The user has none.
    Off,
    Right,
    Wrong,
    Missing,
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
    store::confirm(conn, &user.id)?;
    Ok(Some(new_codes(conn, &user.id)?))
}

/// New recovery codes, in the place of those there are.
pub(super) fn new_codes(conn: &mut Conn, user_id: &str) -> Result<Vec<String>, DbError> {
    let (codes, hashes) = recovery::generate();
    store::replace_codes(conn, user_id, hashes)?;
    Ok(codes)
}

/// Asks a user who has a second factor for a proof of it. A right one is used up.
pub(super) fn ask(
    conn: &mut Conn,
    state: &AppState,
    user_id: &str,
    proof: Option<&Proof>,
) -> Result<Asked, ApiError> {
    let row = store::find(conn, user_id)?.filter(|row| row.confirmed);
    let Some(row) = row else { return Ok(Asked::Off) };
    let is_right = match proof {
        None => return Ok(Asked::Missing),
        Some(Proof::Totp(code)) => accept_totp(conn, state, &row, code)?,
        Some(Proof::Recovery(code)) => store::take_code(conn, user_id, &recovery::hash(code))?,
    };
    Ok(if is_right { Asked::Right } else { Asked::Wrong })
}

/// What is sealed of a recovery code that was taken.
pub(super) fn used(asked: Asked, proof: Option<&Proof>, user_id: &str) -> Option<Act> {
    let is_code = asked == Asked::Right && matches!(proof, Some(Proof::Recovery(_)));
    is_code.then(|| Act::RecoveryCodeUsed { user_id: user_id.to_owned() })
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
