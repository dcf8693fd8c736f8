//! Who is calling: users with passwords and second factors, or whom an OpenID provider knows, with
//! server-side sessions; API keys with scopes; and the one table of who may do what.
//!
//! Invariants: passwords, session ids, recovery codes and keys are stored hashed, a second factor's
//! secret encrypted; an unknown user and a wrong password are answered alike, in the same time; an
//! attempt to sign in is counted before it is checked.
//!
//! Tables: `users`, `user_identities`, `sessions`, `memberships`, `api_keys`, `sign_in_failures`,
//! `second_factors`, `recovery_codes`.

mod api;
mod attempt;
mod bootstrap;
mod credential;
mod device;
mod enrolment;
mod first_password;
mod key;
mod oidc;
mod password;
mod password_rules;
mod permissions;
mod principal;
mod recovery;
mod refusals;
mod remembered;
mod rescue;
mod second_factor;
mod session;
mod store;
mod subject;
mod totp;
mod whence;

pub use api::{paths, routes};
pub use bootstrap::{Bootstrapped, bootstrap, operators_password};
pub use first_password::{NewPassword, random_password};
pub use key::ApiKey;
pub use oidc::{Oidc, is_subject};
pub use password::PasswordHash;
pub use permissions::{Action, Role, Scope, key_may, role_may};
pub use principal::{Authenticator, Callers, Principal, authenticate, caller};
pub use refusals::Refused;
pub use remembered::{LAST_KNOWN, key_scope, now_or_last, rights_scope, role};
pub use rescue::{disable_user, enable_user, reset_password, reset_second_factor};
pub use session::has_session;
pub use store::identities::{IdentityRow, link_identity};
pub use store::keys::{KeyRow, insert_key, key, keys, revoke_key, rotate_key};
pub use store::members::{Member, members, remove_member, set_member};
pub use store::users::{UserRow, create_user, find_user, has_users};
pub use subject::subjects;
pub use whence::Whence;
