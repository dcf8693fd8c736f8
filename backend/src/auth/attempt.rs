//! Growing delays for whoever fails to prove who they are (OWASP ASVS 5.0, 6.3.1; NIST SP 800-63B-4,
//! 3.2.2): by account, whether there is one or not, or by a device that is known for it; and by address.

use super::device::Target;
use super::store::failures::{self, Counted};
use super::whence::Whence;
use crate::audit::{self, Act, Actor, Who};
use crate::db::{Conn, DbError};
use crate::error::{ApiError, Code};
use crate::state::AppState;

const SECOND: i64 = 1_000_000;
/// The longest delay. An account's owner is never locked out for longer by somebody's guesses.
const MAX_DELAY: i64 = 15 * 60 * SECOND;

/// An attempt, counted as failed until it is known not to be: so that a thousand guesses at once
/// are a thousand, and not the first.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    target: Subject,
    address: Subject,
    who: Who,
    /// Whose account it is tried at, if there is one.
    user_id: Option<String>,
}

/// What failures are counted for, as far as the database knows it: a keyed digest.
#[derive(Debug, Clone)]
struct Subject {
    kind: &'static str,
    digest: Vec<u8>,
    /// How many failures cost nothing.
    free: i64,
    /// The number of this one.
    n: i64,
    until: i64,
}

impl Attempt {
    /// Counts an attempt of `actor`, as far as it is known whose it is.
    ///
    /// # Errors
    /// 429: the account or device, or the address that the request is from, has to wait. Nothing is counted
    /// then, and nothing may be checked.
    pub(super) async fn begin(
        state: &AppState,
        target: &Target,
        whence: &Whence,
        actor: Actor,
    ) -> Result<Self, ApiError> {
        let (settings, user_id) = (&state.config.identity, target.user_id.clone());
        let target = Subject::new(state, target.kind, &target.name, settings.account_failures);
        let network = whence.network();
        let address = Subject::new(state, "address", &network, settings.address_failures);
        let (now, who) = (state.clock.now().micros(), whence.who(actor));
        let count = move |conn: &mut Conn| {
            failures::prune(conn, now)?;
            let target = target.count(conn, now)?;
            Ok(Self { target, address: address.count(conn, now)?, who, user_id })
        };
        state.db.write(count).await
    }

    /// It succeeded: the account's, or the device's, failures are forgotten. The address's are not: else whoever has
    /// one account could guess at all others.
    pub(super) fn succeeded(&self, conn: &mut Conn) -> Result<(), DbError> {
        failures::forget(conn, &self.target.digest)?;
        failures::uncount(conn, &self.address.digest, self.address.until)
    }

    /// It neither succeeded nor failed.
    pub(super) fn undecided(&self, conn: &mut Conn) -> Result<(), DbError> {
        failures::uncount(conn, &self.target.digest, self.target.until)?;
        failures::uncount(conn, &self.address.digest, self.address.until)
    }

    /// Passes on what came of it. What is refused for another reason than what was shown, such as a
    /// conflict, neither succeeded nor failed.
    pub(super) async fn excuse<T>(
        &self,
        state: &AppState,
        outcome: Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        if outcome.as_ref().is_err_and(|error| error.code().status().is_client_error()) {
            let attempt = self.clone();
            state.db.write(move |conn| attempt.undecided(conn)).await?;
        }
        outcome
    }

    /// It failed, as it was counted. The first failure in a row and the beginning of delays are
    /// audited, not each guess: the audit log never forgets, and nobody may fill it.
    pub(super) async fn failed(&self, state: &AppState) -> Result<(), ApiError> {
        let both = [&self.target, &self.address];
        let user_id = self.user_id.clone();
        let act = if let Some(delayed) = both.iter().find(|subject| subject.n == subject.free) {
            Act::SignInBlocked { user_id, delayed: Some(delayed.kind.to_owned()) }
        } else if both.iter().any(|subject| subject.n == 1) {
            Act::SignInRefused { user_id }
        } else {
            return Ok(());
        };
        audit::write(state, self.who.clone(), None, move |_| Ok(((), act))).await
    }
}

/// Forgets all failures on an account.
pub(super) fn forget(conn: &mut Conn, state: &AppState, email: &str) -> Result<(), DbError> {
    failures::forget(conn, &digest(state, "account", email))
}

fn digest(state: &AppState, kind: &str, name: &str) -> Vec<u8> {
    state.derive_key(&[b"researchflow failures", kind.as_bytes(), name.as_bytes()]).to_vec()
}

impl Subject {
    fn new(state: &AppState, kind: &'static str, name: &str, free: i64) -> Self {
        Self { kind, digest: digest(state, kind, name), free, n: 0, until: 0 }
    }

    fn count(self, conn: &mut Conn, now: i64) -> Result<Self, ApiError> {
        match failures::count(conn, &self.digest, now, |n| delay(n, self.free))? {
            Counted::Nth { n, until } => Ok(Self { n, until, ..self }),
            Counted::Blocked(until) => Err(blocked(until - now)),
        }
    }
}

fn blocked(micros: i64) -> ApiError {
    let seconds = u64::try_from(micros).unwrap_or(0).div_ceil(SECOND as u64).max(1);
    let detail = "Too many attempts failed. Wait as long as Retry-After says.";
    ApiError::new(Code::TooManyRequests, detail).retry_after(seconds)
}

/// How long to wait after the nth failure in a row, of which so many are free.
fn delay(n: i64, free: i64) -> i64 {
    let Ok(beyond) = u64::try_from(n.saturating_sub(free)) else { return 0 };
    let doubled = u32::try_from(beyond).ok().and_then(|beyond| 2_i64.checked_pow(beyond));
    doubled.map_or(MAX_DELAY, |seconds| seconds.saturating_mul(SECOND).min(MAX_DELAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_quarter_of_an_hour() {
        let seconds = |n| delay(n, 5) / SECOND;
        assert_eq!([1, 4, 5, 6, 7, 14, 15, 99].map(seconds), [0, 0, 1, 2, 4, 512, 900, 900]);
        assert_eq!(seconds(i64::MAX), 900);
    }
}
