//! What an attacker, a broken client or a curious administrator would try.

mod accounts;
mod bad_input;
mod bombs;
mod connections;
mod database_role;
mod edge;
mod matrix;
mod phi;
mod production;
mod redis_user;
mod settings;
mod tamper;
mod validation;
