//! Invocations: in, and out again.

mod duplicates;
mod export;
mod filters;
mod ingest;
mod proofs;
mod runs;
