//! The house's own rules, which no compiler knows: who may depend on whom, and what no file may do.
//! They read the sources alone; a failure names the line and gives the rule's reason.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod dangers;
mod engines;
mod habits;
mod paths;
mod security;
mod slices;
mod source;
