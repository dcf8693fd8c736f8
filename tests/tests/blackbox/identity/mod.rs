//! Proving who one is: sessions, passwords, second factors, and what guessing comes to.

mod authenticator;
mod delays;
mod devices;
mod enrolment;
mod meanwhile;
mod oidc;
mod passwords;
mod rescue;
mod second_factor;
mod sessions;
mod unknown_users;
