//! The cache as its callers see it: in one process, in two that share a Redis, and while it fails.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails in a test is to stop it"
)]

mod failing;
mod last;
mod local;
mod shared;
mod source;
