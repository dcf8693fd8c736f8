//! Users, their identities elsewhere, sessions, members, keys, second factors and failed attempts in
//! the database.

pub(super) mod failures;
pub(super) mod identities;
pub(super) mod keys;
pub(super) mod members;
pub(super) mod second_factors;
pub(super) mod sessions;
pub(super) mod users;
