//! Proving who one is: sessions, passwords, second factors, and what guessing comes to.

mod delays;
mod passwords;
mod second_factor;
mod sessions;
mod unknown_users;
