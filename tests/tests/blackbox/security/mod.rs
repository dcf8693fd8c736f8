//! What an attacker, a broken client or a curious administrator would try.

mod bad_input;
mod bombs;
mod phi;
mod tamper;
