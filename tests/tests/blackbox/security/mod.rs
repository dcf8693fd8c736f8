//! What an attacker, a broken client or a curious administrator would try.

mod bad_input;
mod bombs;
mod matrix;
mod phi;
mod tamper;
