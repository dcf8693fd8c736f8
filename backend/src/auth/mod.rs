//! Who is calling: users with passwords and server-side sessions, and API keys with scopes; and the
//! one table of who may do what.
//!
//! Invariants: passwords, session ids and keys are stored hashed; an unknown user and a wrong
//! password are answered alike, in the same time.
//!
//! Tables: `users`, `sessions`, `memberships`, `api_keys`.

mod api;
mod bootstrap;
mod key;
mod password;
mod permissions;
mod principal;
mod session;
mod store;

pub use api::{paths, routes};
pub use bootstrap::{Bootstrapped, bootstrap, random_password};
pub use key::ApiKey;
pub use password::PasswordHash;
pub use permissions::{Action, Role, Scope, key_may, role_may};
pub use principal::{Authenticator, Principal, authenticate, who};
pub use store::{
    KeyRow, Member, UserRow, create_user, disable_user, find_user, insert_key, keys, members,
    remove_member, revoke_key, role_of, set_member,
};
