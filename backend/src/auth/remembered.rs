//! What is remembered of keys and roles: the cached reads of this slice.
//!
//! Other processes hear of a change at once. None believes what it read for as long as a second,
//! even so: whoever changes something may be cut off before anybody is told.

use super::credential::SecretHash;
use super::principal::Principal;
use super::store::keys::{KeyRow, find_key};
use super::store::members::role_of;
use super::{Role, Scope};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use cache::{Kind, Settings};
use data_encoding::BASE64_NOPAD;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// For how long a key, or a project, may still send events that was known when the database went
/// away. One that was revoked elsewhere meanwhile may as long, where no Redis tells of it.
pub const LAST_KNOWN: Duration = Duration::from_secs(15 * 60);

/// How long the database is waited for by whoever can do with what was known last.
const PATIENCE: Duration = Duration::from_secs(2);

/// A key that is in use, by its hash in base64.
const KEY: Kind<String, KnownKey> =
    Kind::local("key", |hash| vec![cache::Scope::new("key", hash)], |_| size_of::<KnownKey>())
        .serve_for(Settings::TRUST)
        .last_known(LAST_KNOWN);

/// A user's role in a project.
const ROLE: Kind<Membership, Role> =
    Kind::local("role", |of: &Membership| vec![rights_scope(&of.user_id)], |_| size_of::<Role>())
        .serve_for(Settings::TRUST);

/// What a key was found to be.
pub(super) struct KnownKey {
    pub(super) principal: Arc<Principal>,
    /// When it ends (microseconds), if ever.
    pub(super) expires_at: Option<i64>,
}

impl From<KeyRow> for KnownKey {
    fn from(row: KeyRow) -> Self {
        let principal = Principal::Key {
            scopes: Scope::split(&row.scopes),
            quota: row.quota.and_then(|quota| quota.parse().ok()),
            id: row.id,
            project_id: row.project_id,
        };
        Self { principal: Arc::new(principal), expires_at: row.expires_at }
    }
}

#[derive(Clone)]
struct Membership {
    project_id: String,
    user_id: String,
}

impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project_id, self.user_id)
    }
}

/// In base64, since hex takes longer, and every request with a key has its hash written.
fn name_of_hash(hash: &[u8]) -> String {
    BASE64_NOPAD.encode(hash)
}

/// What changes with a key.
pub fn key_scope(key: &KeyRow) -> cache::Scope {
    cache::Scope::new("key", name_of_hash(&key.key_hash))
}

/// What changes with the rights of a user, in any project.
pub fn rights_scope(user_id: &str) -> cache::Scope {
    cache::Scope::new("rights", user_id)
}

/// What is there now; for whoever brings events, what was known last, if the database is away: the
/// spool takes them, and the database is not waited for.
///
/// # Errors
/// The database, and nothing is known.
pub async fn now_or_last<K, V>(
    state: &AppState,
    (kind, key): (&Kind<K, V>, &K),
    brings_events: bool,
    mut now: Pin<&mut impl Future<Output = Result<Option<Arc<V>>, cache::Failure>>>,
) -> Result<Option<Arc<V>>, ApiError>
where
    K: fmt::Display + 'static,
    V: Send + Sync + 'static,
{
    if !brings_events || state.config.spool.max_bytes == 0 {
        return Ok(now.await?);
    }
    let last = || state.cache.last_known(kind, key);
    if state.db.is_away()
        && let Some(last) = last()
    {
        return Ok(Some(last));
    }
    let answer = match timeout(PATIENCE, &mut now).await {
        Ok(answer) => answer.map_err(ApiError::from),
        Err(_) => match last() {
            Some(last) => return Ok(Some(last)),
            None => now.await.map_err(ApiError::from),
        },
    };
    match answer {
        Err(error) if error.code() == Code::Unavailable => last().map(Some).ok_or(error),
        answer => answer,
    }
}

/// What the key with this hash is, if it is in use. The database is not asked about one that is not
/// plausible, nor, while it is away, about one that brings events and was known.
pub(super) async fn key(
    state: &AppState,
    hash: SecretHash,
    is_plausible: impl FnOnce() -> bool,
    brings_events: bool,
) -> Result<Option<Arc<KnownKey>>, ApiError> {
    let load = || {
        let (db, is_plausible) = (state.db.clone(), is_plausible());
        let find =
            move |conn: &mut _| Ok::<_, ApiError>(find_key(conn, &hash)?.map(KnownKey::from));
        async move { if is_plausible { db.read(find).await } else { Ok(None) } }
    };
    let name = name_of_hash(&hash);
    let now = pin!(state.cache.get(&KEY, &name, load));
    now_or_last(state, (&KEY, &name), brings_events, now).await
}

/// A user's role in a project.
///
/// # Errors
/// The database.
pub async fn role(
    state: &AppState,
    project_id: &str,
    user_id: &str,
) -> Result<Option<Role>, ApiError> {
    let membership = Membership { project_id: project_id.to_owned(), user_id: user_id.to_owned() };
    let load = || {
        let (db, of) = (state.db.clone(), membership.clone());
        let find =
            move |conn: &mut _| Ok::<_, ApiError>(role_of(conn, &of.project_id, &of.user_id)?);
        async move { db.read(find).await }
    };
    Ok(state.cache.get(&ROLE, &membership, load).await?.as_deref().copied())
}
