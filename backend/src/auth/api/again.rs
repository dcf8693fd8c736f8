//! Proving once more who one is, before one's credentials change (OWASP ASVS 5.0, 7.5.1): with all
//! that a sign-in takes.

use super::{begin, is_password_of};
use crate::audit::{self, Act};
use crate::auth::second_factor::{self, Asked, Proof};
use crate::auth::session::{self, SignedIn};
use crate::auth::store::users::{UserRow, lock_verified};
use crate::db::Conn;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use secrecy::SecretString;

/// What whoever is signed in shows once more.
pub(super) struct Shown {
    /// Their password.
    pub(super) password: SecretString,
    /// The field that it came in.
    pub(super) pointer: &'static str,
    /// Their second factor, which is asked for if they have one.
    pub(super) proof: Option<Proof>,
}

enum Outcome<T> {
    /// With the session's new cookie and the records that were sealed.
    Done(T, Cookie<'static>, Vec<String>),
    /// The password was right when it was verified, and is not any more.
    Outdated,
    CodeMissing,
    CodeWrong,
}

/// Changes a user's credentials and seals it, in one transaction, once they have proved who they
/// are. All their other sessions end, and this one gets a new cookie. `prepare` makes the change, and
/// begins once the password is known to be right: what it costs is for nobody who has to wait.
///
/// # Errors
/// 429 while they have to wait, 422 for what they showed, what `prepare` and the change say, or the
/// database.
pub(super) async fn change<T: Send + 'static, C>(
    state: &AppState,
    request: &HttpRequest,
    signed_in: SignedIn,
    shown: Shown,
    prepare: impl Future<Output = Result<C, ApiError>>,
) -> Result<(T, Cookie<'static>), ApiError>
where
    C: FnOnce(&mut Conn, &UserRow) -> Result<(T, Act), ApiError> + Send + 'static,
{
    let Shown { password, pointer, proof } = shown;
    let attempt = begin(state, request, &signed_in).await?;
    let wrong = || ApiError::field(pointer, "is not your password");
    if !is_password_of(&signed_in, password).await? {
        attempt.failed(state).await?;
        return Err(wrong());
    }
    let change = attempt.excuse(state, prepare.await).await?;
    let code_pointer = proof.as_ref().map_or("/totp", Proof::pointer);
    let (inner, counted) = (state.clone(), attempt.clone());
    let write = move |conn: &mut Conn| {
        let SignedIn { user, who, .. } = &signed_in;
        if !lock_verified(conn, user)? {
            return Ok(Outcome::Outdated);
        }
        let asked = second_factor::ask(conn, &inner, &user.id, proof.as_ref())?;
        match asked {
            Asked::Off | Asked::Right => {}
            Asked::Missing => {
                counted.undecided(conn)?;
                return Ok(Outcome::CodeMissing);
            }
            Asked::Wrong => return Ok(Outcome::CodeWrong),
        }
        counted.succeeded(conn)?;
        let (value, act) = change(conn, user)?;
        let cookie = session::start_anew(conn, &inner, &signed_in)?;
        let used = second_factor::used(asked, proof.as_ref(), &user.id);
        let seal = |act| audit::seal(conn, &inner, who.clone(), None, act);
        let records = used.into_iter().chain([act]).map(seal).collect::<Result<_, _>>()?;
        Ok::<_, ApiError>(Outcome::Done(value, cookie, records))
    };
    match attempt.excuse(state, state.db.write(write).await).await? {
        Outcome::Done(value, cookie, records) => {
            records.iter().for_each(|record: &String| audit::tell(record));
            Ok((value, cookie))
        }
        Outcome::Outdated => {
            attempt.failed(state).await?;
            Err(wrong())
        }
        Outcome::CodeMissing => {
            Err(ApiError::field(code_pointer, "is needed, or recovery_code is"))
        }
        Outcome::CodeWrong => {
            attempt.failed(state).await?;
            Err(ApiError::field(code_pointer, "is wrong, or was used already"))
        }
    }
}
