//! Each layer against what the world sends, and all of them together on a socket.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails in a test is to stop it"
)]

mod compression;
mod cors;
mod csrf;
mod headers;
mod problems;
mod request_id;
mod stack;
mod support;
